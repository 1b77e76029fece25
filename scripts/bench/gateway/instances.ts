import { connect } from 'node:net'
import { note, print } from '../../../src/cli/output.ts'
import { loadPaths } from './client.ts'
import { explainLookup, insertMany, pathOf, sealKeys } from './many-instances.ts'
import type { Bench } from './ways.ts'

const MILLION = 1_000_000
const HOT = 10_000
const COLD = 2_000
const ROUND_MS = 3_000
const ROUNDS = 5
/** As in processes that have run for minutes, on disks that have taken in a million rows. */
const WARM_ROUNDS = 5
const COLD_P99_MS = 5
/** What a run of seconds on a shared machine varies by. */
const SAME = 0.95

/** Throughput on instances in use beside few and beside a million, and how long the first request of another takes. */
export const measureInstances = async (many: Bench): Promise<boolean> => {
  const few = await many.startAnother()
  await makeHot(few)
  await makeHot(many)
  note(`${MILLION} instances …`)
  await insertMany(many.databaseUrl, { from: HOT + 1, to: MILLION, isActive: true })
  await sealKeys(many.databaseUrl, many.env, { from: MILLION - COLD + 1, to: MILLION })
  const ratio = await compare(few, many)
  const cold = await measureCold(many.target.port)
  const at = (share: number) => cold[Math.floor(cold.length * share)] ?? 0
  print(`the first request of ${COLD} others: p50 ${at(0.5).toFixed(2)} ms, p99 ${at(0.99).toFixed(2)} ms (at most ${COLD_P99_MS} ms)`) // prettier-ignore
  const plan = await explainLookup(many.databaseUrl, MILLION / 2)
  print(`\n${plan.map((line) => `  ${line}`).join('\n')}`)
  const isIndexed = plan.some((line) => /Index (Only )?Scan/.test(line))
  return ratio >= SAME && at(0.99) <= COLD_P99_MS && isIndexed
}

const makeHot = async ({ databaseUrl, env }: Bench): Promise<void> => {
  await insertMany(databaseUrl, { from: 1, to: HOT, isActive: true })
  await sealKeys(databaseUrl, env, { from: 1, to: HOT })
}

/** In turn, so that whatever else the machine does meets both. @returns the ratio of the medians */
const compare = async (few: Bench, many: Bench): Promise<number> => {
  const hot = Array.from({ length: HOT }, (_, index) => `${pathOf(index + 1)}/mcp`)
  const sides = [few, many].map(({ target }) => ({ port: target.port, figures: [] as number[] }))
  for (let round = 1; round <= WARM_ROUNDS + ROUNDS; round++)
    for (const { port, figures } of sides) {
      const perSecond = await loadPaths(port, hot, ROUND_MS)
      if (round > WARM_ROUNDS) figures.push(perSecond)
    }
  const [beside, among] = sides.map(({ figures }) => medianOf(figures))
  const ratio = (among ?? 0) / (beside ?? 1)
  print(`${HOT} in use, no others: ${(beside ?? 0).toFixed(0)} requests/s`)
  print(`${HOT} in use of ${MILLION}: ${(among ?? 0).toFixed(0)} requests/s, ${ratio.toFixed(2)} x`)
  return ratio
}

const medianOf = (figures: readonly number[]): number =>
  [...figures].sort((a, b) => a - b)[Math.floor(figures.length / 2)] ?? 0

/** One after the other over one connection; each is new to the gateway. @returns milliseconds in order of size */
const measureCold = async (port: number): Promise<number[]> => {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true })
  const times: number[] = []
  let settle: ((text: string) => void) | undefined
  socket.on('data', (bytes: Buffer) => settle?.(bytes.toString('latin1')))
  for (let n = MILLION - COLD + 1; n <= MILLION; n++) {
    const answered = new Promise<string>((resolve) => (settle = resolve))
    const startedAt = performance.now()
    socket.write(`GET ${pathOf(n)}/mcp HTTP/1.1\r\nhost: localhost\r\n\r\n`)
    const text = await answered
    times.push(performance.now() - startedAt)
    if (!text.startsWith('HTTP/1.1 200')) throw new Error(`a cold instance: ${text.slice(0, 200)}`)
  }
  socket.destroy()
  return times.sort((a, b) => a - b)
}
