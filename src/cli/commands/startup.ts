import { existsSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import type { Command } from 'commander'
import { readConfig, type Config } from '../../base/config.ts'
import { AppError, messageOf } from '../../base/errors.ts'
import { note, print, yellow } from '../output.ts'
import { prepareFiles } from '../prepare.ts'
import { unitText } from '../systemd-unit.ts'
import { unitEnvironment } from '../unit-environment.ts'
import { asUser, findUnixUser, type UnixUser } from '../unix-user.ts'

const UNIT_FOLDER = '/etc/systemd/system'
const UNIT_FILE = join(UNIT_FOLDER, 'berth.service')

type Options = { print?: boolean; user?: string; out: string }

export const add = (program: Command): void => {
  program
    .command('startup')
    .description('write a systemd unit that starts the fleet at boot')
    .option('--print', 'print the unit and write nothing')
    .option('--user <name>', 'who runs the fleet; you by default')
    .option('--out <file>', 'where to', UNIT_FILE)
    .action((options: Options) => {
      const user = findUnixUser(options.user)
      const config = configOf(user, options.user !== undefined)
      const { settings, leftOut } = unitEnvironment(config, process.env)
      const text = unitText({
        user: user.name,
        nodePath: process.execPath,
        program: join(config.packageRoot, 'dist/cli/main.js'),
        environment: settings,
        writes: [config.home.root, config.pm2Home],
      })
      if (options.print) process.stdout.write(text)
      else write(resolve(options.out), text, { user, config })
      warnAbout(config, { user, leftOut, isPrinted: options.print ?? false })
    })
}

/** Somebody else's fleet is in their own `~/.berth`, unless the environment says where. */
const configOf = (user: UnixUser, isNamed: boolean): Config => {
  const home = process.env['BERTH_HOME'] || undefined
  if (home !== undefined || !isNamed) return readConfig()
  return readConfig({ ...process.env, BERTH_HOME: join(user.home, '.berth') })
}

const write = (
  file: string,
  text: string,
  { user, config }: { user: UnixUser; config: Config },
): void => {
  // The unit names a file with the database's address, so that file has to be there.
  if (process.env['DATABASE_URL'])
    refuseWith(`${user.name} needs a folder of their own: set BERTH_HOME`, () =>
      asUser(user, () => prepareFiles(config)),
    )
  refuseWith(adviceFor(file, user), () => writeFileSync(file, text, { mode: 0o644 }))
  const unit = dirname(file) === UNIT_FOLDER ? basename(file) : file
  print(`Wrote ${file}. If the fleet runs now, stop it first (berth down), then:`)
  print('  sudo systemctl daemon-reload')
  print(`  sudo systemctl enable --now ${unit}`)
}

const refuseWith = (advice: string, work: () => void): void => {
  try {
    work()
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    throw new AppError('forbidden', `${messageOf(cause)}. ${advice}`, { cause })
  }
}

const adviceFor = (file: string, { name }: UnixUser): string =>
  existsSync(dirname(file))
    ? `Run: berth startup --print --user ${name} | sudo tee ${file}`
    : `There is no folder ${dirname(file)}; look at the unit with: berth startup --print`

const warnAbout = (
  { home }: Config,
  { user, leftOut, isPrinted }: { user: UnixUser; leftOut: readonly string[]; isPrinted: boolean },
): void => {
  const warn = (text: string) => note(`${yellow('note:')} ${text}`)
  if (user.uid === 0) warn('the fleet will run as root; better: berth startup --user NAME')
  for (const name of leftOut)
    warn(`${name} holds a secret and is not in the unit; give it by EnvironmentFile= (mode 600)`)
  if (isPrinted && process.env['DATABASE_URL'])
    warn(`--print writes nothing: put DATABASE_URL into ${home.databaseUrlFile} (mode 600)`)
}
