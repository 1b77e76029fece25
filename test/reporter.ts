import { reporters, Runner, type MochaOptions, type Test } from 'mocha'

/** The usual report; a test that gets another try is named at once, with what failed, so that it is looked into instead of forgotten. */
export default class Reporter extends reporters.Spec {
  constructor(runner: Runner, options: MochaOptions) {
    super(runner, options)
    runner.on(Runner.constants.EVENT_TEST_RETRY, (test: Test, error: Error) => {
      console.log(`needs another try: ${test.fullTitle()}\n${error.stack ?? error.message}`)
    })
  }
}
