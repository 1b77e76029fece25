/** What settings say against each other. @returns a sentence for each */
export const contradictionsIn = (given: NodeJS.ProcessEnv): string[] => [
  ...amongStoresAndTokens(given),
  ...(isOwnAddress(given)
    ? ["BERTH_LEGACY_URL: this is Berth's own address; give the old server's"]
    : []),
]

const amongStoresAndTokens = (given: NodeJS.ProcessEnv): string[] => {
  const both = (one: string, other: string) =>
    given[one] && given[other] ? [`${one} and ${other}: give one of them`] : []
  const hasKeys = given['BERTH_JWT_SECRET_FILE'] ?? given['BERTH_JWKS_URL']
  const beside = Number(given['BERTH_GATEWAYS'] ?? 0) > 0
  const idle = ['BERTH_JWT_ISSUER', 'BERTH_JWT_AUDIENCE', 'BERTH_JWT_SUB_IS_USER_ID']
  return [
    ...both('DATABASE_URL', 'DATABASE_URL_FILE'),
    ...both('BERTH_JWT_SECRET_FILE', 'BERTH_JWKS_URL'),
    ...(beside && !(given['DATABASE_URL'] ?? given['DATABASE_URL_FILE'])
      ? ['BERTH_GATEWAYS: several processes need a Postgres: set DATABASE_URL']
      : []),
    ...(beside && given['BERTH_GATEWAY_PORT'] === (given['PORT'] ?? '3000')
      ? ['BERTH_GATEWAY_PORT: the daemon has that port']
      : []),
    ...(hasKeys ? [] : idle)
      .filter((name) => given[name] && given[name] !== 'false')
      .map((name) => `${name}: says nothing without BERTH_JWT_SECRET_FILE or BERTH_JWKS_URL`),
  ]
}

/** By default the next one, when there are such processes. */
const gatewayPortOf = (given: NodeJS.ProcessEnv): string | undefined => {
  if (given['BERTH_GATEWAY_PORT'] || !(Number(given['BERTH_GATEWAYS'] ?? 0) > 0)) return given['BERTH_GATEWAY_PORT'] // prettier-ignore
  return String(Number(given['PORT'] ?? '3000') + 1)
}

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]']

/** Every old URL would come back here. */
const isOwnAddress = (given: NodeJS.ProcessEnv): boolean => {
  const [legacy, base] = [given['BERTH_LEGACY_URL'], given['BASE_URL']].map((url) => (url && URL.canParse(url) ? new URL(url) : undefined)) // prettier-ignore
  if (!legacy) return false
  const own = [given['PORT'] ?? '3000', gatewayPortOf(given)]
  return legacy.host === base?.host || (LOOPBACK.includes(legacy.hostname) && own.includes(legacy.port)) // prettier-ignore
}
