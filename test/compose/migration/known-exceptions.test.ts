import assert from 'node:assert/strict'
import { requireKnownExceptions } from '../../../src/compose/migration/known-exceptions.ts'
import { migrateDatabase } from '../../../src/store/migrate.ts'
import { insertUser } from '../../../src/store/users.ts'
import { MIGRATIONS, onEveryDatabase } from '../../support/databases.ts'

onEveryDatabase('exceptions of the routing of old URLs', (database) => {
  const before = { percent: 0, users: {}, services: { gone: 'old' as const } }
  const judge = (change: Parameters<typeof requireKnownExceptions>[1]['change']) =>
    requireKnownExceptions(database(), { running: ['figma', 'github'], before, change })

  it('are taken for what runs, who is here and what stands already, else refused with what is nearest', async () => {
    await migrateDatabase(database(), MIGRATIONS)
    const { id } = await insertUser(database(), 'anna@example.com')
    await judge({ users: { [id]: 'shared' }, services: { figma: 'old', gone: 'shared' } })
    await assert.rejects(judge({ services: { figna: 'old' } }), /figna.*did you mean "figma"/)
    await assert.rejects(judge({ users: { 'anna@example.com': 'old' } }), new RegExp(id))
    for (const nobody of ['no id', '1a2b3c4d-0000-4000-8000-000000000000'])
      await assert.rejects(judge({ users: { [nobody]: 'old' } }), { code: 'user_unknown' })
  })
})
