/** Where a database is, for people and for telling two apart: host, port and name, never a password. */
export const databaseLabel = (url: string | undefined): string => {
  if (url === undefined) return 'embedded'
  const { hostname, port, pathname } = new URL(url)
  return `${hostname}:${port || '5432'}${decodeURIComponent(pathname)}`
}
