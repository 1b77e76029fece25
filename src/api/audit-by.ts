import type { By } from '../model/audit.ts'
import type { Caller } from './contract/access.ts'

/** Who a request is from, as the audit log names them. */
export const byOf = (origin: { caller: Caller | undefined; address: string }): By => ({
  actor: actorOf(origin.caller),
  from: origin.address,
})

const actorOf = (caller: Caller | undefined): string => {
  if (!caller) return 'anonymous'
  return caller.kind === 'admin' ? 'admin' : `user:${caller.userId}`
}
