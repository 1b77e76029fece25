import { spawnSync } from 'node:child_process'
import { userInfo } from 'node:os'
import { AppError } from '../base/errors.ts'

export type UnixUser = { name: string; uid: number; gid: number; home: string }

/** Knows the users of LDAP and the like too; /etc/passwd does not. */
const LOOKUP = 'getent'
const LOOKUP_MS = 5_000

/**
 * A user of this machine; by default who asks.
 * @throws AppError `user_unknown`
 */
export const findUnixUser = (name: string | undefined): UnixUser => {
  if (name === undefined) {
    const { username, uid, gid, homedir } = userInfo()
    return { name: username, uid, gid, home: homedir }
  }
  const { stdout } = spawnSync(LOOKUP, ['passwd', '--', name], {
    encoding: 'utf8',
    timeout: LOOKUP_MS,
  })
  const [found, , uid, gid, , home] = (stdout as string | null)?.trim().split(':') ?? []
  if (found !== name || home === undefined)
    throw new AppError('user_unknown', `This machine has no user ${name}. Make one: useradd -m ${name}`) // prettier-ignore
  return { name, uid: Number(uid), gid: Number(gid), home }
}

/**
 * Does `work` with the rights of a user, so that the files it makes are theirs and no link of theirs leads root astray.
 * Only root can do that; anybody else works as who they are.
 */
export const asUser = (user: UnixUser, work: () => void): void => {
  if (process.geteuid?.() !== 0 || user.uid === 0) return work()
  const group = process.getegid?.() ?? 0
  process.setegid?.(user.gid)
  process.seteuid?.(user.uid)
  try {
    work()
  } finally {
    process.seteuid?.(0)
    process.setegid?.(group)
  }
}
