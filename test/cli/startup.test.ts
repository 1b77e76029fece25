import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join, relative } from 'node:path'
import { unitText } from '../../src/cli/systemd-unit.ts'
import { runBerth } from '../support/berth.ts'
import { useTempFolder } from '../support/temp-folder.ts'

const SECRET_URL = 'postgres://ann:hunter2@db.test/berth'

const ANALYSE = 'systemd-analyze'

/** What systemd itself makes of a unit; undefined where it is not installed. */
const verify = (file: string): string | undefined => {
  const { error, stdout, stderr } = spawnSync(ANALYSE, ['verify', file], {
    encoding: 'utf8',
  })
  return error ? undefined : stdout + stderr
}

describe('berth startup', () => {
  const temp = useTempFolder()
  const linesOf = (text: string, key: string) =>
    text.split('\n').flatMap((line) => (line.startsWith(`${key}=`) ? [line.slice(key.length + 1)] : [])) // prettier-ignore
  const startup = (args: readonly string[], env: Record<string, string> = {}) =>
    runBerth(['startup', ...args], { BERTH_HOME: join(temp(), 'home'), ...env })
  const write = async (name: string, env: Record<string, string> = {}) => {
    const file = join(temp(), name)
    const ran = await startup(['--out', file], env)
    assert.equal(ran.code, 0, ran.stderr)
    return { ...ran, file, text: readFileSync(file, 'utf8') }
  }

  it('prints a unit with --print, and writes nothing', async () => {
    const file = join(temp(), 'printed.service')
    const { code, stdout, stderr } = await startup(['--print', '--out', file], {
      DATABASE_URL: SECRET_URL,
    })
    assert.equal(code, 0)
    assert.match(stdout, /^\[Unit\]\n/)
    assert.match(stderr, /put DATABASE_URL into \S+home\/database\.url/)
    assert.equal(existsSync(file) || existsSync(join(temp(), 'home')), false)
  })

  it('writes a unit that starts and stops the fleet of this home within its deadlines', async () => {
    const { file, text, stdout } = await write('berth.service')
    assert.equal(statSync(file).mode & 0o777, 0o644)
    const [start] = linesOf(text, 'ExecStart')
    assert.match(start ?? '', new RegExp(`^${process.execPath} /\\S+/dist/cli/main\\.js up$`))
    assert.match(linesOf(text, 'ExecStop')[0] ?? '', /\/dist\/cli\/main\.js down$/)
    assert.deepEqual(linesOf(text, 'User'), [userInfo().username])
    assert.deepEqual(linesOf(text, 'Environment'), [`"BERTH_HOME=${temp()}/home"`])
    assert.ok(Number(linesOf(text, 'TimeoutStartSec')[0]) > 90, 'berth up has 90 s')
    assert.ok(Number(linesOf(text, 'TimeoutStopSec')[0]) > 20, 'berth down needs 20 s')
    for (const line of [
      'Type=oneshot',
      'RemainAfterExit=yes',
      'KillMode=control-group',
      'UMask=0077',
      'LimitNOFILE=65536',
      'NoNewPrivileges=true',
      'ProtectSystem=full',
      'PrivateTmp=false',
      'WantedBy=multi-user.target',
      'After=network-online.target postgresql.service',
    ])
      // prettier-ignore
      assert.ok(text.split('\n').includes(line), line)
    assert.match(
      stdout,
      /^ {2}sudo systemctl daemon-reload\n {2}sudo systemctl enable --now \S+\n$/m,
    )
  })

  it('writes what systemd understands, whatever characters a path has', async function () {
    const { file } = await write('odd.service', { BERTH_HOME: join(temp(), 'a b"c%d$e\\f') })
    const said = verify(file)
    if (said === undefined) {
      console.warn('skipped: there is no systemd-analyze here')
      this.skip()
    }
    // systemd is silent about a unit that is right; about an unknown key it says so, and exits 0.
    const about = said.split('\n').filter((line) => line.includes('odd.service'))
    assert.deepEqual(about, [])
  })

  it('keeps the settings that are set, with absolute paths, and no others', async () => {
    const { text } = await write('settings.service', {
      BERTH_HOME: relative(process.cwd(), join(temp(), 'near')),
      BERTH_SERVICES: 'alpha,beta',
      PORT: '3100',
      HTTPS_PROXY: 'http://proxy.test:3128',
      EDITOR: 'vi',
    })
    assert.deepEqual(linesOf(text, 'Environment').sort(), [
      `"BERTH_HOME=${temp()}/near"`,
      '"BERTH_SERVICES=alpha,beta"',
      '"HTTPS_PROXY=http://proxy.test:3128"',
      '"PORT=3100"',
    ])
  })

  it('gives the database by a file of mode 0600, and never writes a secret into the unit', async () => {
    const { text, stderr } = await write('secret.service', {
      BERTH_HOME: join(temp(), 'sealed'),
      DATABASE_URL: SECRET_URL,
      HTTP_PROXY: 'http://ann:hunter3@proxy.test:3128',
    })
    const file = join(temp(), 'sealed', 'database.url')
    assert.equal(statSync(file).mode & 0o777, 0o600)
    assert.equal(readFileSync(file, 'utf8').trim(), SECRET_URL)
    assert.ok(linesOf(text, 'Environment').includes(`"DATABASE_URL_FILE=${file}"`))
    assert.doesNotMatch(text, /hunter/)
    assert.doesNotMatch(stderr, /hunter/)
  })

  it('refuses an unknown user, and says what to run where it may not write', async () => {
    const unknown = await startup(['--print', '--user', 'no-such-user'])
    assert.equal(unknown.code, 3)
    assert.match(unknown.stderr, /no user no-such-user/)
    const folder = join(temp(), 'taken.service')
    mkdirSync(folder)
    const refused = await startup(['--out', folder])
    assert.equal(refused.code, 3)
    assert.match(refused.stderr, /berth startup --print --user \S+ \| sudo tee \S+taken\.service/)
  })

  it('makes the files of another user as that user', async function () {
    // Only root can act for another user.
    if (process.getuid?.() !== 0) this.skip()
    chmodSync(temp(), 0o755)
    const home = join(temp(), 'theirs')
    mkdirSync(home, { mode: 0o700 })
    chownSync(home, 65534, 65534)
    const args = ['--user', 'nobody', '--out', join(temp(), 'theirs.service')]
    const ran = await startup(args, { BERTH_HOME: home, DATABASE_URL: SECRET_URL })
    assert.equal(ran.code, 0, ran.stderr)
    assert.equal(statSync(join(home, 'database.url')).uid, 65534)
    assert.deepEqual(linesOf(readFileSync(args[3] ?? '', 'utf8'), 'User'), ['nobody'])
  })

  it('lets the fleet write to a home that the hardening would make read-only', () => {
    const text = unitText({
      user: 'ann',
      nodePath: '/opt/my node/bin/node',
      program: '/opt/100%/$x/main.js',
      environment: {},
      writes: ['/usr/local/berth', '/var/lib/berth'],
    })
    assert.deepEqual(linesOf(text, 'ReadWritePaths'), ['"-/usr/local/berth"'])
    assert.deepEqual(linesOf(text, 'ExecStart'), ['"/opt/my node/bin/node" "/opt/100%%/$$x/main.js" up']) // prettier-ignore
  })
})
