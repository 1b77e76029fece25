import { setTimeout as delay } from 'node:timers/promises'
import type { InstanceView } from '../api/instance-accounts.ts'
import { AppError } from '../base/errors.ts'
import type { SignInState } from '../model/oauth.ts'
import type { OfUser } from './account-operations.ts'
import type { Client } from './client.ts'

export type SignInStart = { authorizationUrl: string; expiresAt: string }

const PATH = '/api/v1/admin/instances'
const POLL_MS = 500

export const beginSignIn = (
  client: Client,
  of: OfUser & { credentials: Record<string, string> | undefined },
): Promise<SignInStart> => client.post(`${PATH}/oauth`, of)

const FAILED: Readonly<Record<Exclude<SignInState, 'done' | 'waiting'>, string>> = {
  none: 'another sign-in took its place',
  denied: 'the access was not granted',
  expired: 'nobody came back in time',
  refused: 'the API refuses the access that came of it',
  failed: 'the provider did not complete it; the page in the browser and the log say more',
}

/** Waits until the user is back from the provider. @returns the instance @throws AppError `credentials_refused` */
export const waitForSignIn = async (client: Client, of: OfUser): Promise<InstanceView> => {
  const query = new URLSearchParams(of).toString()
  for (;;) {
    const { state } = await client.get<{ state: SignInState }>(`${PATH}/oauth?${query}`)
    if (state === 'done') break
    if (state !== 'waiting')
      throw new AppError('credentials_refused', `Not signed in to ${of.service}: ${FAILED[state]}.`)
    await delay(POLL_MS)
  }
  const { instances } = await client.get<{ instances: InstanceView[] }>(
    `${PATH}?${new URLSearchParams({ email: of.email }).toString()}`,
  )
  const made = instances.find(({ serviceType }) => serviceType === of.service)
  if (made) return made
  throw new AppError('not_found', `The instance of ${of.service} is gone again.`)
}
