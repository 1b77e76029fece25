import assert from 'node:assert/strict'
import { AppError } from '../../src/base/errors.ts'
import { ok, type Check } from '../../src/doctor/finding.ts'
import { runChecks } from '../../src/doctor/run-checks.ts'

const fine: Check = { name: 'fine', run: () => [ok('as it should be')] }

describe('the checks of berth doctor', () => {
  it('turns a check that throws into a finding, and runs the others', async () => {
    const broken: Check = {
      name: 'broken',
      run: () => {
        throw new AppError('file_insecure', 'run/daemon.lock has mode 644.')
      },
    }
    const findings = await runChecks([broken, fine], 5_000)
    assert.deepEqual(
      findings.map(({ check, level }) => [check, level]),
      [
        ['broken', 'error'],
        ['fine', 'ok'],
      ],
    )
    assert.match(findings[0]?.why ?? '', /run\/daemon\.lock has mode 644/)
    assert.notEqual(findings[0]?.fix, '')
  })

  it('turns a check whose promise fails into a finding', async () => {
    const broken: Check = {
      name: 'broken',
      run: () => Promise.reject(new Error('gone')),
    }
    const [finding] = await runChecks([broken], 5_000)
    assert.equal(finding?.level, 'error')
    assert.equal(finding.why, 'gone')
  })

  it('gives up on a check that hangs', async () => {
    const hanging: Check = { name: 'hanging', run: () => new Promise(() => undefined) }
    const findings = await runChecks([hanging, fine], 20)
    assert.deepEqual(
      findings.map(({ check, level }) => [check, level]),
      [
        ['hanging', 'error'],
        ['fine', 'ok'],
      ],
    )
    assert.match(findings[0]?.what ?? '', /no answer within 0\.02 s/)
  })

  it('never shows a password that an error carries', async () => {
    const leaking: Check = {
      name: 'leaking',
      run: () => {
        throw new Error('no route to postgres://ann:hunter2@db.test/berth')
      },
    }
    assert.doesNotMatch(JSON.stringify(await runChecks([leaking], 5_000)), /hunter2/)
  })
})
