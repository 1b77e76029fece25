import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import { messageOf } from '../../base/errors.ts'
import type { Runnable } from '../../base/lifecycle.ts'
import type { Log } from '../../base/log.ts'
import type { ServiceStatus } from '../../model/fleet.ts'

const schema = z.record(z.string(), z.object({ state: z.string(), since: z.iso.datetime() }))

/** How services are that do not serve, for processes beside the daemon. */
export type ServiceStates = z.output<typeof schema>

/** @throws Error when the file is missing or damaged */
export const readServiceStates = (file: string): ServiceStates =>
  schema.parse(JSON.parse(readFileSync(file, 'utf8')))

const INTERVAL_MS = 500
const SERVING = ['healthy', 'degraded', 'planned']

type Needs = { file: string; services: () => readonly ServiceStatus[]; log: Log }

/** Writes down, soon after it changes, which services do not serve and since when. */
export const publishServiceStates = ({ file, services, log }: Needs): Runnable => {
  let written: string | undefined
  let timer: NodeJS.Timeout | undefined
  const write = (): void => {
    const text = JSON.stringify(statesOf(services()))
    if (text === written) return
    try {
      writeFileSync(`${file}.${process.pid}`, text, { mode: 0o600 })
      renameSync(`${file}.${process.pid}`, file)
      written = text
    } catch (error) {
      log.warn('states of services were not written down', { reason: messageOf(error) })
    }
  }
  return {
    name: 'service states',
    start: () => {
      write()
      timer ??= setInterval(write, INTERVAL_MS)
      return Promise.resolve()
    },
    stop: () => {
      clearInterval(timer)
      return Promise.resolve()
    },
  }
}

// One that starts has another time with every look until it has been asked once.
const statesOf = (services: readonly ServiceStatus[]): ServiceStates =>
  Object.fromEntries(
    services
      .filter(({ state }) => !SERVING.includes(state) && state !== 'starting')
      .map(({ service, state, since }) => [service, { state, since }]),
  )
