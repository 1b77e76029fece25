module.exports = {
  'node-option': ['import=tsx'],
  require: ['test/fail-on-warnings.ts'],
  reporter: 'test/reporter.ts',
  forbidOnly: true,
  timeout: 10_000,
  color: false,
  retries: Number(process.env.TEST_RETRIES ?? 0),
}
