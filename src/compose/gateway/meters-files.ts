import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { messageOf } from '../../base/errors.ts'
import type { Home } from '../../base/home.ts'
import type { Runnable } from '../../base/lifecycle.ts'
import type { Log } from '../../base/log.ts'
import { createLoop } from '../../base/loop.ts'
import { isRunning } from '../../base/proc.ts'
import {
  addFigures, figuresOf, NO_FIGURES, settledFigures, type MeterFigures, type MeterReadings,
} from '../../model/meter-figures.ts' // prettier-ignore

const counts = z.record(z.string(), z.number())
const numbers = z.array(z.number())
const traffic = z.object({ byClass: numbers, errors: z.number(), latency: numbers, latencyMs: z.number(), inFlight: z.number() }) // prettier-ignore
const schema = z.object({
  traffic: z.record(z.string(), traffic),
  tallies: z.record(z.string(), counts),
  durations: z.record(z.string(), z.object({ buckets: numbers, totalMs: z.number() })),
})

const INTERVAL_MS = 1_000
const SUFFIX = '.json'

const folderOf = ({ run }: Pick<Home, 'run'>): string => join(run, 'meters')

type Publishing = { home: Pick<Home, 'run'>; meters: MeterReadings; log: Log; pid?: number }

/** Writes down what this process counts, each second while it changes and at its end, for the daemon's `/metrics`. */
export const publishMeters = ({ home, meters, log, pid = process.pid }: Publishing): Runnable => {
  const folder = folderOf(home)
  const file = join(folder, `${pid}-${Date.now()}${SUFFIX}`)
  let written: string | undefined
  const write = (): void => {
    const text = JSON.stringify(figuresOf(meters))
    if (text === written) return
    try {
      writeFileSync(`${file}.draft`, text, { mode: 0o600 })
      renameSync(`${file}.draft`, file)
      written = text
    } catch (error) {
      log.warn('what is counted was not written down', { reason: messageOf(error) })
    }
  }
  const turn = () => {
    write()
    return Promise.resolve(INTERVAL_MS)
  }
  const loop = createLoop({ name: 'meters', turn })
  return {
    ...loop,
    start: async () => {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      await loop.start()
    },
    stop: async () => {
      await loop.stop()
      write()
    },
  }
}

/**
 * What the processes of `berth gateway` have counted since this was made, those that ended meanwhile too: sums that never
 * go back, as the daemon's own.
 *
 * @returns what reads it now
 */
export const createGatewayMeters = (home: Pick<Home, 'run'>): (() => MeterFigures) => {
  const folder = folderOf(home)
  const before = new Map<string, MeterFigures>()
  let ended = NO_FIGURES
  const since = (file: string, figures: MeterFigures) =>
    addFigures(figures, before.get(file) ?? NO_FIGURES, -1)
  /** Its process is gone: what it has counted is kept here. */
  const fold = (file: string, figures: MeterFigures) => {
    ended = addFigures(ended, settledFigures(since(file, figures)))
    rmSync(join(folder, file), { force: true })
    before.delete(file)
  }
  const read = (): MeterFigures => {
    let living = NO_FIGURES
    for (const file of filesIn(folder)) {
      const isOver = !isRunning(Number.parseInt(file, 10)) // before the file is read: it is whole then
      const figures = readFigures(join(folder, file))
      if (figures && isOver) fold(file, figures)
      else if (figures) living = addFigures(living, since(file, figures))
    }
    return addFigures(ended, living)
  }
  for (const file of filesIn(folder)) {
    const figures = readFigures(join(folder, file))
    if (figures) before.set(file, settledFigures(figures))
  }
  return read
}

const filesIn = (folder: string): string[] => {
  try {
    return readdirSync(folder).filter((name) => name.endsWith(SUFFIX))
  } catch {
    return [] // no gateway ever ran
  }
}

const readFigures = (file: string): MeterFigures | undefined => {
  try {
    return schema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return undefined // gone by now
  }
}
