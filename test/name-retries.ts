import type { Context } from 'mocha'

const retried: string[] = []

/** Names the tests that passed at their second try, so that they are looked into instead of forgotten. */
export const mochaHooks = {
  afterEach(this: Context): void {
    const test = this.currentTest as (Context['currentTest'] & { currentRetry: () => number }) | undefined // prettier-ignore
    if (test?.state === 'passed' && test.currentRetry() > 0) retried.push(test.fullTitle())
  },
  afterAll(): void {
    for (const title of retried.splice(0)) console.log(`needed another try: ${title}`)
  },
}
