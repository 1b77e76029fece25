import assert from 'node:assert/strict'

/** A warning of Node (a leak of listeners, something deprecated) is a defect of the code under test. */
const warnings: string[] = []
process.on('warning', (warning) => warnings.push(warning.stack ?? warning.message))

export const mochaHooks = {
  afterAll(): void {
    assert.deepEqual(warnings, [], 'the process warned')
  },
}
