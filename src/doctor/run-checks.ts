import { messageOf } from '../base/errors.ts'
import { redactText } from '../base/redact.ts'
import { error, type Check, type Finding, type Verdict } from './finding.ts'

/**
 * Runs all checks side by side. None of them can hold up or break the others: one that throws, or has not answered by
 * the deadline, is a finding itself.
 */
export const runChecks = async (
  checks: readonly Check[],
  deadlineMs: number,
): Promise<Finding[]> => {
  const findings = await Promise.all(checks.map((check) => runCheck(check, deadlineMs)))
  return findings.flat()
}

const runCheck = async (check: Check, deadlineMs: number): Promise<Finding[]> => {
  const verdicts = await Promise.race([attempt(check), giveUpAfter(deadlineMs)])
  return verdicts.map((verdict) => ({ check: check.name, ...verdict }))
}

const attempt = async (check: Check): Promise<Verdict[]> => {
  try {
    return await check.run()
  } catch (thrown) {
    return [
      error({
        what: 'could not be checked',
        why: redactText(messageOf(thrown)),
        fix: 'mend what is said above, then run: berth doctor',
      }),
    ]
  }
}

const giveUpAfter = (deadlineMs: number): Promise<Verdict[]> =>
  new Promise((resolve) => {
    const late = error({
      what: `no answer within ${deadlineMs / 1000} s`,
      why: 'what was asked (a disk, a database, PM2) hangs, or the machine is overloaded',
      fix: 'berth doctor, once the machine has less to do',
    })
    setTimeout(() => resolve([late]), deadlineMs).unref()
  })
