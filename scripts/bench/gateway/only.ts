import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDatabase } from '../fleet/database.ts'
import { measureAbandoned } from './abandoned.ts'
import { measureInstances } from './instances.ts'
import { measureStreams } from './streams.ts'
import { measureTiming } from './timing.ts'
import { berthEnvironment, endAll, startBerth, startDirect, type Bench } from './ways.ts'

/** Measurements of the gateway alone. @returns whether it is as good as it shall be */
export const MEASUREMENTS = {
  timing: measureTiming,
  instances: measureInstances,
  streams: measureStreams,
  abandoned: measureAbandoned,
} satisfies Record<string, (bench: Bench) => Promise<boolean>>

export type MeasurementName = keyof typeof MEASUREMENTS

/** Beside those of the ways, which may be measured at the same time. */
const FIRST_PORT = 19_110

export const measureOnly = async (name: MeasurementName): Promise<boolean> => {
  const undos: (() => Promise<void> | void)[] = []
  let port = FIRST_PORT
  await startDirect({ folder: '', port, upstreamPort: FIRST_PORT, databaseUrl: '' })
  const start = async (): Promise<Bench> => {
    const folder = mkdtempSync(join(tmpdir(), 'bg-'))
    undos.push(() => rmSync(folder, { recursive: true, force: true }))
    const { url: databaseUrl, drop } = await createDatabase()
    undos.push(drop)
    const place = { folder, port: ++port, upstreamPort: FIRST_PORT, databaseUrl }
    const { target, pid = 0 } = await startBerth(place)
    return { databaseUrl, env: berthEnvironment(place), target, pid, startAnother: start }
  }
  try {
    return await MEASUREMENTS[name](await start())
  } finally {
    await endAll()
    for (const undo of undos.reverse()) await undo()
  }
}
