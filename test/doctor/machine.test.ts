import assert from 'node:assert/strict'
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkClock } from '../../src/doctor/clock.ts'
import { checkDescriptors } from '../../src/doctor/descriptors.ts'
import { checkDisk, freeBytesOf } from '../../src/doctor/disk.ts'
import { checkMemory } from '../../src/doctor/memory.ts'
import { findNewestFile } from '../../src/doctor/newest-file.ts'
import type { HostPlan } from '../../src/model/fleet.ts'
import { useTempFolder } from '../support/temp-folder.ts'

const MIB = 1024 ** 2
const hostsOf = (kind: HostPlan['kind'], count: number): HostPlan[] =>
  Array.from({ length: count }, (_, index) => ({ name: `mcp-${index}`, kind, services: [] }))

describe('the checks of the machine', () => {
  const temp = useTempFolder()
  const write = (name: string, text: string) => {
    const file = join(temp(), name)
    writeFileSync(file, text)
    return file
  }
  const meminfo = (availableMib: number, swapMib = 0) =>
    write(
      'meminfo',
      `MemTotal: 1 kB\nMemAvailable:   ${availableMib * 1024} kB\nSwapFree:  ${swapMib * 1024} kB\n`,
    )
  const packed = { hosts: hostsOf('packed', 2), isEmbedded: false, limitBytes: undefined }

  it('adds up what packed hosts, daemon and PM2 need: 230 MiB', () => {
    const at = (mib: number) => checkMemory({ ...packed, meminfoFile: meminfo(mib), usedBytes: 0 })
    assert.equal(at(230)[0]?.level, 'ok')
    assert.equal(at(229)[0]?.level, 'error')
    assert.match(at(229)[0]?.what ?? '', /about 230 MiB/)
  })

  it('counts the embedded database and dedicated hosts', () => {
    const said = checkMemory({
      ...packed,
      hosts: hostsOf('dedicated', 100),
      isEmbedded: true,
      meminfoFile: meminfo(9_000),
      usedBytes: 0,
    })[0]?.what
    assert.match(said ?? '', /about 2460 MiB/)
  })

  it('does not count twice what a running fleet has already', () => {
    const [verdict] = checkMemory({ ...packed, meminfoFile: meminfo(40), usedBytes: 200 * MIB })
    assert.equal(verdict?.level, 'ok')
  })

  it('warns when only swap makes the fleet fit, and heeds the limit of a container', () => {
    const swapped = { ...packed, meminfoFile: meminfo(100, 500), usedBytes: 0 }
    assert.equal(checkMemory(swapped)[0]?.level, 'warning')
    const limited = { ...packed, meminfoFile: meminfo(9_000, 500), usedBytes: 0 }
    assert.equal(checkMemory({ ...limited, limitBytes: 128 * MIB })[0]?.level, 'error')
  })

  it('compares the limit of open files with apps, services and sockets', () => {
    const limitsFile = write(
      'limits',
      'Max open files            1024                 4096 files\n',
    )
    const level = (apps: number, services: number) =>
      checkDescriptors({ apps, services, limitsFile })[0]?.level
    assert.equal(level(20, 372), 'ok')
    assert.equal(level(20, 373), 'error')
    assert.equal(level(374, 373), 'error')
    assert.equal(
      checkDescriptors({ apps: 374, services: 373, limitsFile: '/proc/self/limits' }).length,
      1,
    )
  })

  it('warns below 1 GiB of disk, and refuses below 200 MiB', async () => {
    const level = async (mib: number) =>
      (await checkDisk({ folder: '/x', freeBytes: () => Promise.resolve(mib * MIB) }))[0]?.level
    assert.deepEqual(await Promise.all([1024, 1023, 200, 199].map(level)), [
      'ok',
      'warning',
      'warning',
      'error',
    ])
  })

  it('asks the nearest folder for the disk of a home that is not there yet', async () => {
    assert.ok((await freeBytesOf(join(temp(), 'not', 'there'))) > 0)
  })

  it('refuses a clock before 2025, and warns of a file from the future', async () => {
    const home = join(temp(), 'home')
    mkdirSync(join(home, 'logs'), { recursive: true })
    writeFileSync(join(home, 'old'), '')
    writeFileSync(join(home, 'logs', 'new'), '')
    const now = new Date('2026-05-01T12:00:00Z')
    const level = async (at: Date, ageSeconds: number) => {
      const date = new Date(now.getTime() + ageSeconds * 1_000)
      utimesSync(join(home, 'old'), new Date(0), new Date(0))
      utimesSync(join(home, 'logs', 'new'), date, date)
      return (await checkClock({ now: at, newestFile: () => findNewestFile(home) }))[0]?.level
    }
    assert.equal(await level(new Date('2024-12-31T23:59:59Z'), 0), 'error')
    assert.equal(await level(now, 59), 'ok')
    assert.equal(await level(now, 61), 'warning')
  })
})
