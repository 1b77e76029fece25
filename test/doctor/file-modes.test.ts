import assert from 'node:assert/strict'
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkFileModes } from '../../src/doctor/file-modes.ts'
import { useTempFolder } from '../support/temp-folder.ts'

const uid = process.getuid?.() ?? 0

describe('the check of file modes', () => {
  const temp = useTempFolder()
  const makeHome = (name: string) => {
    const home = join(temp(), name)
    mkdirSync(join(home, 'run'), { recursive: true, mode: 0o700 })
    writeFileSync(join(home, 'master.key'), 'secret', { mode: 0o600 })
    return {
      home,
      folders: [home, join(home, 'run')],
      secretFiles: [join(home, 'master.key'), join(home, 'not-there')],
      uid,
    }
  }

  it('finds nothing wrong with a private home, or with none at all', () => {
    const needs = makeHome('private')
    assert.deepEqual(checkFileModes(needs).map(({ level }) => level), ['ok']) // prettier-ignore
    const nowhere = [join(temp(), 'nowhere')]
    assert.equal(checkFileModes({ ...needs, folders: nowhere })[0]?.level, 'ok')
  })

  it('names every file and folder that others can use, and the command that closes it', () => {
    const { home, ...needs } = makeHome('open')
    chmodSync(join(home, 'run'), 0o710)
    chmodSync(join(home, 'master.key'), 0o640)
    const verdicts = checkFileModes(needs)
    assert.deepEqual(
      verdicts.map(({ level, fix }) => [level, fix]),
      [
        ['error', `chmod 700 ${home}/run`],
        ['error', `chmod 600 ${home}/master.key`],
      ],
    )
    assert.match(verdicts[1]?.what ?? '', /mode 640/)
  })

  it("warns of somebody else's home", () => {
    const { home, ...needs } = makeHome('foreign')
    const [verdict] = checkFileModes({ ...needs, uid: uid + 1 })
    assert.equal(verdict?.level, 'warning')
    assert.ok(verdict.what.startsWith(home))
  })

  it('reports what root left in the home of another user', function () {
    // Only root can make such a file.
    if (uid !== 0) this.skip()
    const { home, ...needs } = makeHome('mixed')
    for (const path of needs.folders) chownSync(path, 12345, 12345)
    const verdicts = checkFileModes({ ...needs, uid: 12345 })
    assert.deepEqual(
      verdicts.map(({ level, fix }) => [level, fix]),
      [['error', `sudo chown 12345:12345 ${home}/master.key`]],
    )
  })
})
