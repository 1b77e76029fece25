import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { formatRanges, mergeRanges, parseRanges } from '../../src/doctor/port-ranges.ts'
import { checkReservedPorts, type PortFiles } from '../../src/doctor/reserved-ports.ts'
import { useTempFolder } from '../support/temp-folder.ts'

const PORTS = [41002, 41000, 41001, 3000, 41000]
const SETTING = 'net.ipv4.ip_local_reserved_ports'

describe('the check of reserved ports', () => {
  const temp = useTempFolder()
  let made = 0
  /** A kernel of files: what is written is in force at once, as in /proc. */
  const makeKernel = (reserved: string, range = '32768\t60999\n'): PortFiles => {
    const folder = join(temp(), String(made++))
    mkdirSync(join(folder, 'sysctl.d'), { recursive: true })
    writeFileSync(join(folder, 'range'), range)
    writeFileSync(join(folder, 'reserved'), reserved)
    return {
      range: join(folder, 'range'),
      reserved: join(folder, 'reserved'),
      sysctl: join(folder, 'sysctl.d', '60-berth.conf'),
    }
  }
  const check = (files: PortFiles, fix = false) => {
    const [verdict] = checkReservedPorts({ ports: PORTS, files, fix })
    assert.ok(verdict)
    return verdict
  }
  const textOf = (file: string) => readFileSync(file, 'utf8')

  it('warns of static ports that outgoing connections may take, and changes nothing', () => {
    const files = makeKernel('\n')
    const verdict = check(files)
    assert.equal(verdict.level, 'warning')
    assert.match(verdict.what, /3 static ports .*41000-41002$/)
    assert.equal(textOf(files.reserved), '\n')
  })

  it('is content where the ports are reserved, or outside of the range', () => {
    assert.equal(check(makeKernel('100,40000-41010\n')).level, 'ok')
    assert.equal(check(makeKernel('\n', '50000 60999\n')).level, 'ok')
  })

  it('names only those that are missing', () => {
    assert.match(check(makeKernel('41001\n')).what, /2 static ports .*41000, 41002$/)
  })

  it('reserves them now and for the next boot, with what was reserved before', () => {
    const files = makeKernel('8080,41001\n')
    assert.equal(check(files, true).level, 'ok')
    assert.equal(textOf(files.reserved).trim(), '8080,41000-41002')
    assert.match(textOf(files.sysctl), new RegExp(`^${SETTING} = 8080,41000-41002$`, 'm'))
    assert.equal(check(files).level, 'ok')
  })

  it('keeps what the file said already, and is the same when run again', () => {
    const files = makeKernel('8080\n')
    writeFileSync(files.sysctl, `vm.swappiness = 5\n${SETTING}=9000-9001\n`)
    check(files, true)
    const text = textOf(files.sysctl)
    assert.equal(text, `vm.swappiness = 5\n${SETTING} = 8080,9000-9001,41000-41002\n`)
    check(files, true)
    assert.equal(textOf(files.sysctl), text)
  })

  it('keeps for the next boot what somebody reserved by hand', () => {
    const files = makeKernel('41000-41002\n')
    assert.match(check(files).what, /until the next boot/)
    assert.equal(check(files, true).level, 'ok')
    assert.match(textOf(files.sysctl), /41000-41002/)
  })

  it('says the exact command when it may not write', () => {
    const files = makeKernel('8080\n')
    // Not even root writes to this figure of the kernel's (65536), or to a file below a file.
    const sealed = {
      ...files,
      reserved: '/proc/sys/kernel/ngroups_max',
      sysctl: join(files.range, '60-berth.conf'),
    }
    const verdict = check(sealed, true)
    assert.equal(verdict.level, 'warning')
    assert.match(verdict.why, /EACCES.*ngroups_max.*; .*60-berth/)
    assert.equal(
      verdict.fix,
      `echo '${SETTING} = 41000-41002,65536' | sudo tee ${sealed.sysctl} && sudo sysctl -p ${sealed.sysctl}`,
    )
    assert.equal(check(sealed).fix, verdict.fix, 'who may not write is not told to run --fix')
    assert.equal(check(files).fix, 'berth doctor --fix')
  })

  it('warns when the next boot would forget what it could reserve', () => {
    const files = makeKernel('8080\n')
    const verdict = check({ ...files, sysctl: join(files.range, '60-berth.conf') }, true)
    assert.equal(textOf(files.reserved).trim(), '8080,41000-41002')
    assert.equal(verdict.level, 'warning')
    assert.match(verdict.what, /only until the next boot/)
    assert.match(verdict.fix, /8080,41000-41002/)
  })

  it('tells of a file that will undo it at the next boot', () => {
    const files = makeKernel('\n')
    const later = join(files.sysctl, '..', '99-local.conf')
    writeFileSync(later, `${SETTING} = 8080\n`)
    const verdict = check(files, true)
    assert.equal(verdict.level, 'warning')
    assert.ok(verdict.why.startsWith(later))
    assert.match(verdict.fix, /41000-41002/)
  })

  it('writes ranges as the kernel does', () => {
    const merged = mergeRanges(parseRanges('5,1-3\n4,10-12,11,2000'))
    assert.equal(formatRanges(merged), '1-5,10-12,2000')
    assert.deepEqual(parseRanges('\n'), [])
  })
})
