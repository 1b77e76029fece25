import { onEveryDatabase } from '../support/databases.ts'
import { assertUsageEquals } from '../support/usage-equality.ts'

const REQUESTS = Number(process.env['TEST_MIXED_REQUESTS'] ?? 100_000)

onEveryDatabase(`the usage of ${REQUESTS} mixed requests`, (database) => {
  it('is what they were', async function () {
    this.timeout(180_000)
    await assertUsageEquals(database(), REQUESTS)
  })
})
