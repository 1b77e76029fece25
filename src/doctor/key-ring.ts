import { messageOf } from '../base/errors.ts'
import { redactText } from '../base/redact.ts'
import { error, ok, type Verdict } from './finding.ts'

export type KeyRingNeeds = {
  file: string
  isThere: boolean
  /**
   * Opens the ring and tries it on what the database holds, as far as that can be asked.
   * @returns the number of keys
   */
  open: () => Promise<number>
  /** Whether there is a database that a ring must have sealed. */
  isNeeded: () => Promise<boolean>
}

/** Without its key ring every stored credential is lost. Looking makes none. */
export const checkKeyRing = async (needs: KeyRingNeeds): Promise<Verdict[]> => {
  if (!needs.isThere) return [await judgeMissing(needs)]
  try {
    const keys = await needs.open()
    return [ok(`${keys} ${keys === 1 ? 'key' : 'keys'} in ${needs.file}`)]
  } catch (thrown) {
    return [
      error({
        what: `${needs.file} cannot be used`,
        why: redactText(messageOf(thrown)),
        fix: `restore ${needs.file} from your backup (mode 600)`,
      }),
    ]
  }
}

const judgeMissing = async ({ file, isNeeded }: KeyRingNeeds): Promise<Verdict> =>
  (await isNeeded())
    ? error({
        what: `${file} is missing`,
        why: 'there is a database already: what its users entered opens with the old key ring only',
        fix: `restore ${file} from your backup (mode 600)`,
      })
    : ok(`none yet; berth up makes ${file}`)
