import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { homeAt, prepareHome } from '../../src/base/home.ts'
import { useTempFolder } from '../support/temp-folder.ts'

const mode = (path: string) => (statSync(path).mode & 0o777).toString(8)

describe('prepareHome', () => {
  const temp = useTempFolder()
  const newHome = () => {
    const home = homeAt(join(mkdtempSync(join(temp(), 'h-')), 'home'))
    return { home, pm2Home: join(home.root, 'pm2') }
  }
  const withUmask = (mask: number, work: () => void) => {
    const before = process.umask(mask)
    try {
      work()
    } finally {
      process.umask(before)
    }
  }

  for (const mask of [0o000, 0o022, 0o077])
    it(`makes folders that only their owner can enter, under umask ${mask.toString(8)}`, () => {
      const { home, pm2Home } = newHome()
      withUmask(mask, () => {
        prepareHome(home, pm2Home)
      })
      for (const folder of [home.root, home.run, home.logs, pm2Home])
        assert.equal(mode(folder), '700', folder)
    })

  it('says where a home cannot be', () => {
    for (const root of ['/proc/berth/home', '/dev/null/home'])
      assert.throws(() => prepareHome(homeAt(root), join(root, 'pm2')), {
        code: 'config_invalid',
        message: /Cannot make the folder \/(proc\/berth|dev\/null\/home): .*BERTH_HOME/,
      })
  })

  it('leaves what is there as it is, a second time too', () => {
    const { home, pm2Home } = newHome()
    prepareHome(home, pm2Home)
    writeFileSync(home.registryFile, '{}')
    prepareHome(home, pm2Home)
    assert.equal(statSync(home.registryFile).size, 2)
  })

  for (const wide of [0o755, 0o710, 0o701])
    it(`refuses a folder of mode ${wide.toString(8)}, naming it and the remedy`, () => {
      const { home, pm2Home } = newHome()
      prepareHome(home, pm2Home)
      for (const folder of [home.root, home.run, pm2Home]) {
        chmodSync(folder, wide)
        assert.throws(
          () => {
            prepareHome(home, pm2Home)
          },
          {
            code: 'file_insecure',
            message: new RegExp(`^${folder} has mode ${wide.toString(8)}.*chmod 700 ${folder}$`),
          },
        )
        assert.equal(mode(folder), wide.toString(8), 'nothing is changed behind the owner’s back')
        chmodSync(folder, 0o700)
      }
    })
})
