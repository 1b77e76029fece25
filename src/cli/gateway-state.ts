import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../base/config.ts'
import { systemCodeOf } from '../base/errors.ts'

/** What a gateway says of itself; who runs it holds the lock of {@link gatewayLock}. */
export type GatewayState = {
  /** The processes that listen. */
  processes: readonly number[]
  /** Why the last rolling restart ended before its end, if it did. */
  failure?: { at: string; message: string }
}

/** One gateway per home and port. */
export const gatewayLock = ({ port }: Config): string => `gateway-${port}`

const fileOf = (config: Config): string => join(config.home.run, `${gatewayLock(config)}.json`)

/** Undefined: it has not started yet. */
export const readGatewayState = (config: Config): GatewayState | undefined => {
  try {
    return JSON.parse(readFileSync(fileOf(config), 'utf8')) as GatewayState
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

/** Whole or not at all. */
export const writeGatewayState = (config: Config, state: GatewayState): void => {
  const draft = `${fileOf(config)}.${process.pid}`
  writeFileSync(draft, JSON.stringify(state), { mode: 0o600 })
  renameSync(draft, fileOf(config))
}

export const removeGatewayState = (config: Config): void => rmSync(fileOf(config), { force: true })
