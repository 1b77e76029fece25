/** How the integrator's JWTs are checked. */
export type JwtSettings = {
  source: { kind: 'secret'; file: string } | { kind: 'jwks'; url: string }
  /** What `iss` and `aud` must be; undefined: anything. */
  issuer: string | undefined
  audience: string | undefined
  /** Whether a subject that is a UUID is the user's id, without an entry in `user_identities`. */
  subjectIsUserId: boolean
}
