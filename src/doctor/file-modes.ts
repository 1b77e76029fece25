import { statSync, type Stats } from 'node:fs'
import { systemCodeOf } from '../base/errors.ts'
import { error, ok, warning, type Verdict } from './finding.ts'

export type FileModesNeeds = {
  /** The home first: everything else shall have its owner. */
  folders: readonly string[]
  /** Keys, tokens, addresses with passwords. */
  secretFiles: readonly string[]
  /** Who asks. */
  uid: number
}

/** Nobody but their owner may enter the home or read what is secret. What is not there yet is made rightly later. */
export const checkFileModes = ({ folders, secretFiles, uid }: FileModesNeeds): Verdict[] => {
  const home = folders[0] === undefined ? undefined : statOf(folders[0])
  if (home === undefined) return [ok('nothing there yet; berth up makes it, for you alone')]
  const entries = [
    ...folders.map((path) => ({ path, mode: 0o700 })),
    ...secretFiles.map((path) => ({ path, mode: 0o600 })),
  ]
  const troubles = entries.flatMap((entry) => judge(entry, home))
  const foreign = home.uid === uid ? [] : [foreignHome(folders[0] ?? '', home.uid)]
  const all = [...foreign, ...troubles]
  return all.length > 0 ? all : [ok('home, keys and PM2 folder belong to their owner alone')]
}

const judge = ({ path, mode }: { path: string; mode: number }, home: Stats): Verdict[] => {
  const stats = statOf(path)
  if (stats === undefined) return []
  const actual = stats.mode & 0o777
  const troubles: Verdict[] = []
  if ((actual & 0o077) !== 0)
    troubles.push(
      error({
        what: `${path} has mode ${actual.toString(8)}`,
        why: `others can ${mode === 0o700 ? 'enter it' : 'read it (replace the secret if they may have)'}, so Berth refuses to use it`,
        fix: `chmod ${mode.toString(8)} ${path}`,
      }),
    )
  if (stats.uid !== home.uid)
    troubles.push(
      error({
        what: `${path} belongs to uid ${stats.uid}, the home to uid ${home.uid}`,
        why: 'a command was run as another user (sudo?); the fleet cannot read what it left',
        fix: `sudo chown ${home.uid}:${home.gid} ${path}`,
      }),
    )
  return troubles
}

const foreignHome = (home: string, owner: number): Verdict =>
  warning({
    what: `${home} belongs to uid ${owner}, not to you`,
    why: "this looks at another user's fleet; what you start would leave files that its owner cannot read",
    fix: `sudo -u '#${owner}' berth doctor`,
  })

const statOf = (path: string): Stats | undefined => {
  try {
    return statSync(path)
  } catch (thrown) {
    if (systemCodeOf(thrown) === 'ENOENT') return undefined
    throw thrown
  }
}
