const PASSED = [
  'PATH', 'HOME', 'USER', 'LANG', 'LC_ALL', 'TZ', 'NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR',
  'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy',
] // prettier-ignore

/** What every process of the fleet gets of a process's environment. */
export const passedOn = (given: NodeJS.ProcessEnv): Record<string, string> =>
  passedFrom(given, PASSED)

/** PM2 writes what is passed on to its files: an address with a password in it stays out. */
export const passedFrom = (
  given: NodeJS.ProcessEnv,
  names: readonly string[],
): Record<string, string> =>
  Object.fromEntries(
    names.flatMap((name) => {
      const value = given[name]
      return value === undefined || /^(\w+:\/\/[^/]*|[^/\s]+:[^/\s]*)@/.test(value)
        ? []
        : [[name, value]]
    }),
  )
