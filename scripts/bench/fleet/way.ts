import type { Fleet } from './fleet.ts'
import type { WayName } from './options.ts'
import type { Workspace } from './workspace.ts'

/** What a way of running services gets to do it with. */
export type Job = {
  fleet: Fleet
  /** Its own, empty: for its homes, settings and logs. */
  folder: string
  workspace: Workspace
  signal: AbortSignal
}

/** A way of running services, everything ready but nothing started. */
export type Prepared = {
  /** Of the command, and of those that ask it later how things are. */
  env: Readonly<Record<string, string>>
  /**
   * What an operator would do; resolves when the command has returned, whether or not the services answer by then.
   * @throws Error when the command failed, so that nobody waits for services in vain
   */
  launch: () => Promise<void>
  /** Undoes what is not a process and not in the folder. */
  release: () => Promise<void>
}

export type Way = {
  name: WayName
  title: string
  /** For launching until every service answers. */
  deadlineMs: number
  /** Not measured. */
  prepare: (job: Job) => Promise<Prepared>
}
