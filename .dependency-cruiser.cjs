const parts =
  'registry|fleet|logs|metrics|tracing|processes|supervisor|health|verification|events|webhooks|oauth|store|vault|gateway|migration|cutover|api|web|doctor|audit|services'

/** A package that only one place may import: its door. */
const oneDoor = (name, door, target) => ({
  name: `${name}-only-through-${door}`,
  severity: 'error',
  from: { path: '^src/', pathNot: `^src/${door}` },
  to: { path: target },
})

module.exports = {
  forbidden: [
    {
      name: 'base-imports-nothing',
      severity: 'error',
      from: { path: '^src/base/' },
      to: { path: '^src/', pathNot: '^src/base/' },
    },
    {
      name: 'model-imports-base-only',
      severity: 'error',
      from: { path: '^src/model/' },
      to: { path: '^src/', pathNot: '^src/(base|model)/' },
    },
    {
      name: 'parts-do-not-know-each-other',
      severity: 'error',
      from: { path: `^src/(${parts})/`, pathNot: '^src/services/[^/]+/main\\.ts$' },
      to: { path: '^src/', pathNot: ['^src/(base|model)/', '^src/$1/'] },
    },
    {
      name: 'programs-of-services-introduce-tracing-alone',
      severity: 'error',
      from: { path: '^src/services/([^/]+)/main\\.ts$' },
      to: { path: '^src/', pathNot: ['^src/(base|model|tracing)/', '^src/services/$1/'] },
    },
    {
      name: 'compose-knows-no-program',
      severity: 'error',
      from: { path: '^src/compose/' },
      to: { path: '^src/(cli/|[^/]+\\.ts$)' },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'src-never-imports-test',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^test/' },
    },
    oneDoor('pg', 'store', '^node_modules/(@types/)?pg/'),
    oneDoor('pglite', 'store', '^node_modules/@electric-sql/'),
    oneDoor('redis', 'store', '^node_modules/@redis/'),
    oneDoor('express', '(api|gateway)', '^node_modules/(@types/)?express/'),
    oneDoor('prom-client', 'metrics', '^node_modules/prom-client/'),
    oneDoor('opentelemetry', 'tracing', '^node_modules/@opentelemetry/'),
    oneDoor('pm2', 'processes', '^node_modules/pm2/'),
    oneDoor('libsodium', 'vault', '^node_modules/(@types/)?libsodium'),
    oneDoor('http-proxy', 'gateway', '^node_modules/(@types/)?http-proxy/'),
    oneDoor('oauth4webapi', 'oauth', '^node_modules/oauth4webapi/'),
    oneDoor('child-process', '(processes|cli|store)', '^(node:)?child_process$'),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
  },
}
