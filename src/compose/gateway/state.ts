import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../../base/config.ts'
import { systemCodeOf } from '../../base/errors.ts'
import { isRunning } from '../../base/proc.ts'

/** What a gateway says of itself; who runs it holds the lock of {@link gatewayLock}. */
export type GatewayState = {
  /** The processes that listen. */
  processes: readonly number[]
  /** Why the last rolling restart ended before its end, if it did. */
  failure?: { at: string; message: string }
}

type Place = Pick<Config, 'home' | 'port'>

/** One gateway per home and port. */
export const gatewayLock = ({ port }: Place): string => `gateway-${port}`

const fileOf = (place: Place): string => join(place.home.run, `${gatewayLock(place)}.json`)

/** Undefined: it has not started yet. */
export const readGatewayState = (config: Place): GatewayState | undefined => {
  try {
    return JSON.parse(readFileSync(fileOf(config), 'utf8')) as GatewayState
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

/** The processes of the ecosystem's gateway that listen. One that was killed could not take its pid out of the file. */
export const listeningGateways = ({ home, gatewayPort: port }: Config): number[] =>
  (readGatewayState({ home, port })?.processes ?? []).filter(isRunning)

/** Whole or not at all. */
export const writeGatewayState = (config: Place, state: GatewayState): void => {
  const draft = `${fileOf(config)}.${process.pid}`
  writeFileSync(draft, JSON.stringify(state), { mode: 0o600 })
  renameSync(draft, fileOf(config))
}

export const removeGatewayState = (config: Place): void => rmSync(fileOf(config), { force: true })
