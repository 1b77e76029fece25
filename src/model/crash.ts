/** What a host notes when an exception ends it. */
export type CrashRecord = {
  /** ISO 8601. */
  at: string
  pid: number
  /** The service that was being worked for; null when none was. */
  service: string | null
  /** Of the request that was being worked for. */
  requestId: string | null
  message: string
}

/** One end of a host's process, with what is known of it. */
export type Exit = {
  /** Milliseconds since the epoch. */
  at: number
  host: string
  /** `exit 1`, `SIGKILL`, `exception`. */
  cause: string
  /** The service at whose door it lies, in a packed host. */
  culprit: string | undefined
  /** The last lines of the host's log. */
  lines: readonly string[]
}

/** Why a service is kept out of service, for who asks. */
export type Evidence = {
  /** ISO 8601. */
  since: string
  /** ISO 8601: when it is tried again. */
  retryAt: string
  attempts: number
  causes: readonly string[]
  lines: readonly string[]
}
