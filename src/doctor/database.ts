import { messageOf } from '../base/errors.ts'
import { redactText } from '../base/redact.ts'
import { error, ok, warning, type Verdict } from './finding.ts'

type Schema = { version: number; newest: number }
type Holder = { role: string; pid: number }

export type DatabaseNeeds = {
  /** How to call it: `Postgres`, or the embedded one with its folder. */
  name: string
  isEmbedded: boolean
  /** Of the embedded one: whether its folder is there. */
  exists: boolean
  /** Who has the lock of the home. */
  holder: () => Promise<Holder | undefined>
  /** Undefined: nobody can be asked, because an embedded database is opened by its one owner only. */
  schema: () => Promise<Schema | undefined>
}

/** Reachable, and of the version that this code expects. Nothing is changed, and no embedded database is opened. */
export const checkDatabase = async (needs: DatabaseNeeds): Promise<Verdict[]> => {
  const where = needs.isEmbedded ? await describeEmbedded(needs) : needs.name
  let schema: Schema | undefined
  try {
    schema = await needs.schema()
  } catch (thrown) {
    return [
      error({
        what: `${where} does not answer`,
        why: redactText(messageOf(thrown)),
        fix: needs.isEmbedded
          ? 'berth down && berth up'
          : 'systemctl start postgresql, or correct DATABASE_URL (DATABASE_URL_FILE)',
      }),
    ]
  }
  return [schema === undefined ? ok(where) : judgeSchema(where, schema)]
}

const describeEmbedded = async ({ name, exists, holder }: DatabaseNeeds): Promise<string> => {
  const by = await holder()
  if (by !== undefined) return `${name}, open in ${by.role} (pid ${by.pid})`
  return exists ? `${name}, not open` : `${name}, not made yet; berth up makes it`
}

const judgeSchema = (where: string, { version, newest }: Schema): Verdict => {
  if (version === newest) return ok(`${where}, schema version ${version}`)
  if (version === 0) return ok(`${where}, empty; berth up makes the schema`)
  return version < newest
    ? warning({
        what: `${where} has schema version ${version} of ${newest}`,
        why: 'this code needs the newer one; berth up brings it up to date as well',
        fix: 'berth db migrate',
      })
    : error({
        what: `${where} has schema version ${version}, this code knows up to ${newest}`,
        why: 'a newer Berth has used this database; an older one may damage what it does not know',
        fix: 'install that version of Berth again',
      })
}
