import { onEveryDatabase } from '../support/databases.ts'
import { assertUsageEquals } from '../support/usage-equality.ts'

onEveryDatabase('the usage of mixed requests', (database) => {
  it('is what they were, by service and tool, in calls, errors and bytes', () =>
    assertUsageEquals(database(), 500))
})
