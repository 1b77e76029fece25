import type { Metric, Registry } from 'prom-client'
import type { Family, Measured } from './families.ts'
import { fleetFamilies } from './fleet-families.ts'
import { gatewayFamilies } from './gateway-families.ts'
import { storeFamilies } from './store-families.ts'

/** How long a scrape's text serves others: measuring asks every host. */
const FRESH_MS = 1_000

/**
 * Makes the text of `/metrics`. Counting happens in plain numbers elsewhere; prom-client gets them when somebody asks, and is
 * loaded with the first who does.
 *
 * @param measure asked once per scrape
 */
export const createScrape = (version: string, measure: () => Promise<Measured>) => {
  let own: Promise<Registry> | undefined
  let last: { at: number; scrape: Promise<string> } | undefined

  const scrape = async (): Promise<string> => {
    const { Registry: Fresh } = await import('prom-client')
    own ??= loadOwn(version)
    const [ofProcess, measured] = await Promise.all([own, measure()])
    const registry = new Fresh()
    for (const family of familiesOf(measured)) registry.registerMetric(toMetric(family))
    return `${await registry.metrics()}\n${await ofProcess.metrics()}`
  }

  return (): Promise<string> => {
    if (!last || Date.now() - last.at > FRESH_MS) last = { at: Date.now(), scrape: scrape() }
    last.scrape.catch(() => (last = undefined))
    return last.scrape
  }
}

export const familiesOf = (measured: Measured): Family[] => [
  ...gatewayFamilies(measured),
  ...fleetFamilies(measured),
  ...storeFamilies(measured),
]

/** Of this process: CPU, memory, event loop, garbage collection. */
const loadOwn = async (version: string): Promise<Registry> => {
  const { collectDefaultMetrics, Gauge, Registry: Fresh } = await import('prom-client')
  const registry = new Fresh()
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 })
  const info = new Gauge({
    name: 'berth_build_info',
    help: 'The installed version; always 1.',
    labelNames: ['version'],
    registers: [registry],
  })
  info.set({ version }, 1)
  return registry
}

/** prom-client's own histograms count for themselves; of a metric it needs no more than this. */
const toMetric = ({ name, help, type, read }: Family): Metric =>
  ({
    name,
    help,
    type,
    aggregator: 'sum',
    get: () => Promise.resolve({ name, help, type, aggregator: 'sum', values: read() }),
  }) as unknown as Metric
