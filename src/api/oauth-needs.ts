import type { CredentialsInput } from '../model/credentials-input.ts'
import type { SignInState } from '../model/oauth.ts'

type Owner = { userId: string; service: string }

/** What came back from a provider, and what was made of it. */
export type SignedIn =
  | { kind: 'done'; service: string; userId: string; instanceId: string }
  | { kind: 'unknown' }
  | {
      kind: 'expired' | 'replayed' | 'denied' | 'refused' | 'failed' | 'mixed-up'
      service: string
      userId: string
      /** In words for the user. */
      reason?: string
    }

/** What routes need of signing in to services. */
export type SignInNeeds = {
  signIns: {
    start: (owner: Owner, input: CredentialsInput) => Promise<{ authorizationUrl: string; expiresAt: string }>
    /** What a provider sent a browser back with. */
    finish: (parameters: URLSearchParams) => Promise<SignedIn>
    status: (owner: Owner) => Promise<{ state: SignInState; expiresAt: string | null }>
  }
} // prettier-ignore

type ClientView = { service: string; clientId: string; hasSecret: boolean; updatedAt: string }

/** What routes need of the operator's clients. */
export type OAuthClientNeeds = {
  oauthClients: {
    list: () => Promise<{ clients: ClientView[]; redirectUri: string }>
    set: (client: { service: string; clientId: string; clientSecret?: string | undefined }) => Promise<void>
    remove: (service: string) => Promise<void>
  }
} // prettier-ignore
