import { table } from '../../../src/cli/output.ts'
import type { WayName } from './ways.ts'

/** One way measured once. Latencies are those at 1,000 requests a second; CPU is the proxy's own. */
export type Sample = {
  name: WayName
  perSecond: number
  cpuUs: number
  p50Ms: number
  p99Ms: number
}

/** The medians of each way, in the order in which the ways came. */
export const summarise = (samples: readonly Sample[]): Sample[] =>
  [...new Set(samples.map(({ name }) => name))].map((name) => {
    const own = samples.filter((sample) => sample.name === name)
    const middle = (of: (sample: Sample) => number) => median(own.map(of))
    return {
      name,
      perSecond: middle((s) => s.perSecond),
      cpuUs: middle((s) => s.cpuUs),
      p50Ms: middle((s) => s.p50Ms),
      p99Ms: middle((s) => s.p99Ms),
    }
  })

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

/** Every way with its ratios to http-proxy and nginx, and what it adds to the direct way. */
export const waysTable = (figures: readonly Sample[]): string => {
  const of = (name: WayName) => figures.find((figure) => figure.name === name)
  const [direct, proxy, nginx] = [of('direct'), of('http-proxy'), of('nginx')]
  const to = (figure: Sample, other: Sample | undefined) =>
    other === undefined || figure === other
      ? '-'
      : `${(figure.perSecond / other.perSecond).toFixed(2)} x`
  const added = (figure: Sample, key: 'p50Ms' | 'p99Ms') =>
    figure === direct
      ? `${figure[key].toFixed(2)} ms`
      : `+${(figure[key] - (direct?.[key] ?? 0)).toFixed(2)} ms`
  const rows = figures.map((figure) => [
    figure.name,
    figure.perSecond.toFixed(0),
    to(figure, proxy),
    to(figure, nginx),
    figure === direct ? '-' : `${figure.cpuUs.toFixed(1)} us`,
    added(figure, 'p50Ms'),
    added(figure, 'p99Ms'),
  ])
  const head = ['WAY', 'REQUESTS/S', 'TO HTTP-PROXY', 'TO NGINX', 'CPU/REQUEST', 'P50', 'P99']
  return table(head, rows)
}
