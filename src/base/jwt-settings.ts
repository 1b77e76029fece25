import { resolve } from 'node:path'

/** How the integrator's JWTs are checked. */
export type JwtSettings = {
  source: { kind: 'secret'; file: string } | { kind: 'jwks'; url: string }
  /** What `iss` and `aud` must be; undefined: anything. */
  issuer: string | undefined
  audience: string | undefined
  /** Whether a subject that is a UUID is the user's id, without an entry in `user_identities`. */
  subjectIsUserId: boolean
}

type JwtVariables = {
  BERTH_JWT_SECRET_FILE?: string | undefined
  BERTH_JWKS_URL?: string | undefined
  BERTH_JWT_ISSUER?: string | undefined
  BERTH_JWT_AUDIENCE?: string | undefined
  BERTH_JWT_SUB_IS_USER_ID: boolean
}

/** @returns undefined: no JWTs are taken */
export const jwtOf = (env: JwtVariables): JwtSettings | undefined => {
  const { BERTH_JWT_SECRET_FILE: file, BERTH_JWKS_URL: url } = env
  const rest = {
    issuer: env.BERTH_JWT_ISSUER,
    audience: env.BERTH_JWT_AUDIENCE,
    subjectIsUserId: env.BERTH_JWT_SUB_IS_USER_ID,
  }
  if (file !== undefined) return { source: { kind: 'secret', file: resolve(file) }, ...rest }
  return url === undefined ? undefined : { source: { kind: 'jwks', url }, ...rest }
}

/** The variables that jwtOf reads the same again. */
export const jwtEnvironment = (
  jwt: JwtSettings | undefined,
): Record<string, string | undefined> => ({
  BERTH_JWT_SECRET_FILE: jwt?.source.kind === 'secret' ? jwt.source.file : undefined,
  BERTH_JWKS_URL: jwt?.source.kind === 'jwks' ? jwt.source.url : undefined,
  BERTH_JWT_ISSUER: jwt?.issuer,
  BERTH_JWT_AUDIENCE: jwt?.audience,
  BERTH_JWT_SUB_IS_USER_ID: jwt?.subjectIsUserId ? 'true' : undefined,
})
