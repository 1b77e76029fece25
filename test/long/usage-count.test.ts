import { onEveryDatabase } from '../support/databases.ts'
import { assertUsageEquals } from '../support/usage-equality.ts'

onEveryDatabase('the usage of 100,000 mixed requests', (database) => {
  it('is what they were', async function () {
    this.timeout(180_000)
    await assertUsageEquals(database(), 100_000)
  })
})
