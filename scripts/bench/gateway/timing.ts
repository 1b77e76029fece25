import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { print, table } from '../../../src/cli/output.ts'
import { makeInstanceSecret } from '../../../src/model/instance.ts'
import { handleOf, insertMany, pathOf, secretOf } from './many-instances.ts'
import type { Bench } from './ways.ts'

const SAMPLES = 10_000
const MAX_DEVIATION = 0.05
const HOT = 1
/** Numbers from here on are paused, and from there on were never there, or are gone. */
const PAUSED = 100_000
const GONE = 200_000

const randomHex = (length: number): string => randomBytes(length).toString('hex').slice(0, length)

/** Each kind of wrong URL, none twice: an answer is remembered, whatever it says. */
const KINDS: Readonly<Record<string, (n: number) => string>> = {
  'unknown handle': () => `/ben_user_${randomHex(8)}_${randomHex(6)}_${makeInstanceSecret()}/bench`,
  'wrong secret': (n) => `/${handleOf(n)}_${makeInstanceSecret()}/bench`,
  'wrong secret, in use': () => `/${handleOf(HOT)}_${makeInstanceSecret()}/bench`,
  'other service': (n) => `/${handleOf(n)}_${secretOf(n)}/other`,
  paused: (n) => pathOf(PAUSED + n),
  revoked: (n) => pathOf(GONE + n),
  'no secret': (n) => `/${handleOf(GONE + n)}/bench`,
  malformed: () => `/ben_user_${randomHex(8)}_${randomHex(6)}-${makeInstanceSecret()}/bench`,
}

/** Compares how long the same 404 takes for every kind of wrong URL; they come in turn, over one connection. */
export const measureTiming = async ({ databaseUrl, target }: Bench): Promise<boolean> => {
  await insertMany(databaseUrl, { from: HOT, to: SAMPLES, isActive: true })
  await insertMany(databaseUrl, { from: PAUSED + 1, to: PAUSED + SAMPLES, isActive: false })
  const client = await openClient(target.port)
  const times = new Map(Object.keys(KINDS).map((kind) => [kind, [] as number[]]))
  const kinds = Object.entries(KINDS)
  for (let n = 1 - SAMPLES / 10; n <= SAMPLES; n++) {
    await client.ask(`${pathOf(HOT)}/mcp`) // it stays in use; whatever it answers
    kinds.push(...kinds.splice(0, 1)) // each comes after each
    for (const [kind, pathFor] of kinds) {
      const { status, ms } = await client.ask(`${pathFor(n > 0 ? n : GONE - n)}/mcp`)
      if (status !== 404) throw new Error(`${kind}: answered ${status}`)
      if (n > 0) times.get(kind)?.push(ms)
    }
  }
  client.close()
  return report(times)
}

const report = (times: ReadonlyMap<string, number[]>): boolean => {
  const at = (values: number[], share: number) => values[Math.floor(values.length * share)] ?? 0
  const sorted = [...times].map(([kind, values]) => ({
    kind,
    values: values.sort((a, b) => a - b),
  }))
  const medians = sorted.map(({ values }) => at(values, 0.5)).sort((a, b) => a - b)
  const middle = at(medians, 0.5)
  const rows = sorted.map(({ kind, values }) => [
    kind,
    `${(at(values, 0.5) * 1_000).toFixed(0)} us`,
    `${(at(values, 0.95) * 1_000).toFixed(0)} us`,
    `${((at(values, 0.5) / middle - 1) * 100).toFixed(1)} %`,
  ])
  print(table(['WRONG BY', 'MEDIAN', 'P95', 'TO THE MIDDLE'], rows))
  const spread = at(medians, 1 - 1e-9) / (medians[0] ?? 1) - 1
  print(`\n${SAMPLES} samples each; the medians lie within ${(spread * 100).toFixed(1)} % of each other (at most ${MAX_DEVIATION * 100} %)`) // prettier-ignore
  return spread <= MAX_DEVIATION
}

/** Each request comes from another address, so that no guard answers instead. */
const openClient = async (port: number) => {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true })
  await new Promise<void>((resolve, reject) =>
    socket.once('connect', resolve).once('error', reject),
  )
  let text = ''
  let settle: ((status: number) => void) | undefined
  socket.on('data', (bytes: Buffer) => {
    text += bytes.toString('latin1')
    const end = text.indexOf('\r\n\r\n')
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(text)?.[1] ?? 0)
    if (end < 0 || text.length < end + 4 + length) return
    const status = Number(text.slice(9, 12))
    text = ''
    settle?.(status)
  })
  return {
    ask: async (path: string): Promise<{ status: number; ms: number }> => {
      const from = [...randomBytes(3)].join('.')
      const head = `GET ${path} HTTP/1.1\r\nhost: localhost\r\nx-forwarded-for: 10.${from}\r\n\r\n`
      const answered = new Promise<number>((resolve) => (settle = resolve))
      const startedAt = performance.now()
      socket.write(head)
      const status = await answered
      return { status, ms: performance.now() - startedAt }
    },
    close: () => socket.destroy(),
  }
}
