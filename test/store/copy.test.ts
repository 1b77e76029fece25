import assert from 'node:assert/strict'
import { copyBytes, copyText, copyValue } from '../../src/store/copy-text.ts'
import { onEveryDatabase } from '../support/databases.ts'

onEveryDatabase('copied rows', (database) => {
  const COLUMNS = 'copied (id, text, bytes)'
  const rows = () => database().query(`select id, text, encode(bytes, 'hex') as bytes from copied order by id`) // prettier-ignore
  beforeEach(() => database().script('drop table if exists copied; create table copied (id int primary key, text text, bytes bytea)')) // prettier-ignore

  it('are what they were, whatever is in them', async () => {
    const texts = ['', 'a\tb', 'line\nline\r\n', '\\N', '\\.', 'C:\\new', '"{},', 'ключ ü 🔑', null]
    const lines = texts.map((text, id) => `${id}\t${copyValue(text)}\t${copyBytes('00ff')}`)
    await database().transaction((transaction) => transaction.copy(COLUMNS, copyText(lines)))
    assert.deepEqual(await rows(), texts.map((text, id) => ({ id, text, bytes: '00ff' }))) // prettier-ignore
  })

  it('may be none', async () => {
    await database().transaction((transaction) => transaction.copy(COLUMNS, copyText([])))
    assert.deepEqual(await rows(), [])
  })

  it('are all or none, and the next statement is answered after a refusal', async () => {
    const twice = copyText(['1\ta\t\\N', '1\tb\t\\N'])
    for (let attempt = 0; attempt < 20; attempt++)
      await assert.rejects(database().transaction((transaction) => transaction.copy(COLUMNS, twice)), { code: '23505' }) // prettier-ignore
    assert.deepEqual(await rows(), [])
  })
})
