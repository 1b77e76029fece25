/** Something that is wrong with a config. An error keeps the config out; a warning was put right on the way. */
export type Finding = {
  severity: 'error' | 'warning'
  service: string
  file: string
  /** Where in the file: `tools.3.endpoint`. Empty for the whole. */
  path: string
  message: string
  /** The service that goes on with the config it runs with, although this one keeps it out. */
  kept?: string
}
