import { z } from 'zod'
import { operator, scraper } from '../contract/access.ts'
import { answer, route, type Route } from '../contract/route.ts'
import type { ApiNeeds } from '../needs.ts'
import { isoTime } from '../shapes.ts'

const tag = 'fleet'
const METRICS_TYPE = 'text/plain; version=0.0.4'

const traffic = z
  .object({
    service: z.string(),
    requests: z.number(),
    errors: z.number().describe('Answered with 400 or more, cut off, or a tool that failed.'),
    inFlight: z.number(),
    latency: z
      .array(z.number())
      .describe('How many took so long, by the bounds; the last: longer.'),
  })
  .meta({ id: 'Traffic' })

type WatchingNeeds = Pick<ApiNeeds, 'scrape' | 'live'>

/** What others measure Berth by. */
export const watchingRoutes = ({ scrape, live }: WatchingNeeds): Route[] => [
  route({
    id: 'metrics',
    method: 'get',
    path: '/metrics',
    tag: 'liveness',
    summary: 'Metrics of gateway, fleet, vault, database and authentication for Prometheus.',
    access: scraper,
    answers: {
      200: {
        description: "Prometheus' text format.",
        schema: z.string(),
        contentType: METRICS_TYPE,
      },
    },
    handle: async () => answer(200, await scrape()),
  }),
  route({
    id: 'traffic',
    method: 'get',
    path: '/api/v1/admin/traffic',
    tag,
    summary: 'What went through this gateway since it started; two of them make a rate.',
    access: operator,
    answers: {
      200: {
        description: 'Services with a request, counted since the daemon started.',
        schema: z.object({
          at: isoTime,
          since: isoTime,
          boundsMs: z.array(z.number()),
          services: z.array(traffic),
        }),
      },
    },
    handle: () => answer(200, live()),
  }),
]
