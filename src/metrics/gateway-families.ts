import type { Traffic } from '../model/traffic.ts'
import {
  histogramSamples,
  tallySamples,
  type Family,
  type Measured,
  type Sample,
} from './families.ts'

const DURATION = 'berth_gateway_request_duration_seconds'

/** Of the gateway; services without a request have no series. */
export const gatewayFamilies = ({ meters }: Measured): Family[] => {
  const each = (samples: (service: string, traffic: Traffic) => Sample[]) => () =>
    [...meters.traffic.services()].flatMap(([service, traffic]) => samples(service, traffic))
  return [
    {
      name: 'berth_gateway_requests_total',
      help: 'Requests under instance URLs, by service and class of the status; "upgrade": connections with another protocol.',
      type: 'counter',
      read: each((service, { byClass }) =>
        byClass.flatMap((value, index) =>
          value === 0
            ? []
            : [{ labels: { service, status: index === 0 ? 'upgrade' : `${index}xx` }, value }],
        ),
      ),
    },
    {
      name: 'berth_gateway_request_errors_total',
      help: 'Of those, answered with 400 or more, cut off, or a tool that failed.',
      type: 'counter',
      read: each((service, { errors }) => [{ labels: { service }, value: errors }]),
    },
    {
      name: DURATION,
      help: 'Time from a request to the end of its answer; streams are not in it.',
      type: 'histogram',
      read: each((service, { latency, latencyMs }) =>
        histogramSamples(DURATION, { service }, { buckets: latency, totalMs: latencyMs }),
      ),
    },
    {
      name: 'berth_gateway_requests_in_flight',
      help: 'Requests and streams under way.',
      type: 'gauge',
      read: each((service, { inFlight }) => [{ labels: { service }, value: inFlight }]),
    },
    {
      name: 'berth_gateway_refused_total',
      help: 'Requests under instance URLs that were not forwarded, by the code of the error.',
      type: 'counter',
      read: () => tallySamples(meters.refusals.counts(), 'code'),
    },
  ]
}
