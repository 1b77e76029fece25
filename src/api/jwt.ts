import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose'
import { AppError } from '../base/errors.ts'
import type { JwtSettings } from '../base/jwt-settings.ts'
import { readSecretFile } from '../base/secret-file.ts'
import type { Identity, Scope } from '../model/account.ts'

/** What a JWT says about its bearer. */
export type JwtClaims = Identity & { scopes: Scope[]; expiresAt: Date }

/** @throws AppError `jwks_unavailable` @returns undefined for a JWT that does not hold */
export type VerifyJwt = (jwt: string) => Promise<JwtClaims | undefined>

/** By how much the clocks of signer and this machine may differ. */
const SKEW_SECONDS = 30
const FETCH_MS = 5_000
/** A key that is not known yet is looked for at most this often: strangers can name any `kid`. */
const COOLDOWN_MS = 30_000
const KEYS_MAX_AGE_MS = 10 * 60_000
const MAX_LENGTH = 8_192

/**
 * Signatures with a key pair. None of them verifies with a shared secret, and HS256 is taken with a shared secret alone: so
 * a public key never serves as a secret, and "none" is no algorithm at all (RFC 8725 §3.1).
 */
const KEY_PAIR_ALGORITHMS = [
  'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519',
] // prettier-ignore

/** Whether a bearer token has the form of a JWT. */
export const looksLikeJwt = (token: string): boolean =>
  token.length <= MAX_LENGTH && /^eyJ[\w-]*\.[\w-]+\.[\w-]*$/.test(token)

/** Checks signature, issuer, audience and life of the integrator's JWTs. */
export const createVerifyJwt = (settings: JwtSettings): VerifyJwt => {
  const { key, algorithms } = keyOf(settings)
  const options = {
    algorithms,
    clockTolerance: SKEW_SECONDS,
    requiredClaims: ['sub', 'exp'],
    ...(settings.issuer !== undefined && { issuer: settings.issuer }),
    ...(settings.audience !== undefined && { audience: settings.audience }),
  }
  return async (jwt) => {
    try {
      const { payload } = await jwtVerify(jwt, key, options)
      return claimsOf(payload)
    } catch (cause) {
      if (isRefusal(cause)) return undefined
      throw new AppError('jwks_unavailable', 'The keys of BERTH_JWKS_URL cannot be fetched; JWTs wait until they can.', { cause }) // prettier-ignore
    }
  }
}

const keyOf = ({ source }: JwtSettings): { key: JWTVerifyGetKey; algorithms: string[] } => {
  if (source.kind === 'secret') {
    const secret = readSharedSecret(source.file)
    return { key: () => secret, algorithms: ['HS256'] }
  }
  const key = createRemoteJWKSet(new URL(source.url), {
    timeoutDuration: FETCH_MS,
    cooldownDuration: COOLDOWN_MS,
    cacheMaxAge: KEYS_MAX_AGE_MS,
  })
  return { key, algorithms: KEY_PAIR_ALGORITHMS }
}

/** RFC 7518 §3.2. A shorter one can be found by trying, by everybody who holds one JWT. */
const MIN_SECRET_BYTES = 32

const readSharedSecret = (file: string): Uint8Array => {
  const secret = new TextEncoder().encode(readSecretFile(file))
  if (secret.length >= MIN_SECRET_BYTES) return secret
  throw new AppError(
    'config_invalid',
    `BERTH_JWT_SECRET_FILE: ${file} holds ${secret.length} bytes, HS256 needs ${MIN_SECRET_BYTES} or more. Make one with: openssl rand -base64 48`,
  )
}

/** Errors about this JWT. The others are about the key set: it did not come, or is none. */
const isRefusal = (error: unknown): boolean =>
  [
    errors.JWTClaimValidationFailed, errors.JWTExpired, errors.JWTInvalid, errors.JWSInvalid, errors.JOSEAlgNotAllowed,
    errors.JWSSignatureVerificationFailed, errors.JWKSNoMatchingKey, errors.JWKSMultipleMatchingKeys, errors.JOSENotSupported,
  ].some((kind) => error instanceof kind) // prettier-ignore

/** Scopes are asked for as `berth:read`, …; who asks for none gets what a user's own token has. */
const claimsOf = ({ iss = '', sub = '', exp = 0, scope }: JWTPayload): JwtClaims => {
  const words = typeof scope === 'string' ? scope.split(' ') : []
  const asked = (['instances', 'read', 'admin'] as const).filter((name) =>
    words.includes(`berth:${name}`),
  )
  return {
    issuer: iss,
    subject: sub,
    scopes: asked.length > 0 ? asked : ['instances', 'read'],
    expiresAt: new Date((exp + SKEW_SECONDS) * 1_000),
  }
}
