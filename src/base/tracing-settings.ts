import { resolve } from 'node:path'
import { z } from 'zod'
import { messageOf } from './errors.ts'
import { parseNamedValues } from './named-values.ts'
import {
  DEFAULT_SERVICE_NAME,
  otlpEnvironment,
  outwardOf,
  readOtlpHeaders,
  type Otlp,
} from './otlp.ts'
import { list, oneOf, path, plainUrl } from './setting-shapes.ts'

const SAMPLERS = [
  'always_on', 'always_off', 'traceidratio', 'parentbased_always_on', 'parentbased_always_off', 'parentbased_traceidratio',
] as const // prettier-ignore

/** Which requests are traced, and where to. */
export type TracingSettings = Otlp & {
  /** Of the requests that reach a gateway, the part that is traced; from 0 to 1. */
  readonly ratio: number
}

const collector = plainUrl.refine(
  (url) => new URL(url).search === '',
  'must not hold a query: what a collector wants to know goes into BERTH_OTLP_HEADERS_FILE',
)

const headersFile = z.string().transform((file, context) => {
  try {
    readOtlpHeaders({ headersFile: resolve(file) })
    return resolve(file)
  } catch (error) {
    context.addIssue(messageOf(error))
    return z.NEVER
  }
})

const resource = z.string().transform((text, context) => {
  const values = parseNamedValues(text)
  if (values) return values
  context.addIssue('must be name=value, with commas between several, values percent-encoded')
  return z.NEVER
})

const inTheEnvironment = 'PM2 shows the environment: put it into a file of mode 0600 and name that in BERTH_OTLP_HEADERS_FILE' // prettier-ignore
const PROTOCOL = oneOf(['http/protobuf'])

const schema = z.object({
  OTEL_EXPORTER_OTLP_ENDPOINT: collector.optional(),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: collector.optional(),
  OTEL_EXPORTER_OTLP_PROTOCOL: PROTOCOL.optional(),
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: PROTOCOL.optional(),
  OTEL_EXPORTER_OTLP_HEADERS: z.never(inTheEnvironment).optional(),
  OTEL_EXPORTER_OTLP_TRACES_HEADERS: z.never(inTheEnvironment).optional(),
  OTEL_SERVICE_NAME: path.default(DEFAULT_SERVICE_NAME),
  OTEL_RESOURCE_ATTRIBUTES: resource.default({}),
  OTEL_TRACES_SAMPLER: oneOf(SAMPLERS).default('parentbased_always_on'),
  OTEL_TRACES_SAMPLER_ARG: z.coerce
    .number('must be a number from 0 to 1')
    .min(0, 'must be a number from 0 to 1')
    .max(1, 'must be a number from 0 to 1')
    .default(1),
  BERTH_OTLP_HEADERS_FILE: headersFile.optional(),
  BERTH_TRACEPARENT_TO: list.default([]),
})

/** Those of the product's own. */
export const TRACING_VARIABLES = ['BERTH_OTLP_HEADERS_FILE', 'BERTH_TRACEPARENT_TO']

type Read = { settings: TracingSettings | undefined; problems: string[] }

/**
 * Reads OpenTelemetry's own variables. Without a collector's address nothing is traced, and whatever else they say, to other
 * programs of the same shell, is not looked at.
 */
export const readTracing = (given: NodeJS.ProcessEnv): Read => {
  if (!isOn(given)) return { settings: undefined, problems: idleIn(given) }
  const parsed = schema.safeParse(given)
  if (parsed.success) return { settings: settingsOf(parsed.data), problems: [] }
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
  return { settings: undefined, problems }
}

const addressIn = (given: NodeJS.ProcessEnv): string | undefined =>
  given['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] ?? given['OTEL_EXPORTER_OTLP_ENDPOINT']

const isOn = (given: NodeJS.ProcessEnv): boolean =>
  addressIn(given) !== undefined && !isSwitchedOff(given)

const isSwitchedOff = (given: NodeJS.ProcessEnv): boolean =>
  given['OTEL_SDK_DISABLED']?.toLowerCase() === 'true' || given['OTEL_TRACES_EXPORTER'] === 'none'

const idleIn = (given: NodeJS.ProcessEnv): string[] =>
  isSwitchedOff(given)
    ? []
    : TRACING_VARIABLES.filter((name) => given[name] !== undefined).map(
        (name) => `${name}: says nothing without OTEL_EXPORTER_OTLP_ENDPOINT`,
      )

const settingsOf = (env: z.output<typeof schema>): TracingSettings => ({
  // The general address is that of a collector; each signal has its path below it.
  url: env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? `${env.OTEL_EXPORTER_OTLP_ENDPOINT ?? ''}/v1/traces`, // prettier-ignore
  serviceName: env.OTEL_SERVICE_NAME,
  resource: env.OTEL_RESOURCE_ATTRIBUTES,
  headersFile: env.BERTH_OTLP_HEADERS_FILE,
  outward: outwardOf(env.BERTH_TRACEPARENT_TO),
  ratio: ratioOf(env.OTEL_TRACES_SAMPLER, env.OTEL_TRACES_SAMPLER_ARG),
})

/** A client is nobody's parent here, so a sampler that asks the parent first is the one without. */
const ratioOf = (sampler: (typeof SAMPLERS)[number], ratio: number): number => {
  if (sampler.endsWith('traceidratio')) return ratio
  return sampler.endsWith('always_on') ? 1 : 0
}

/** The variables that readTracing reads the same again. */
export const tracingEnvironment = (
  settings: TracingSettings | undefined,
): Record<string, string> =>
  settings === undefined
    ? {}
    : {
        ...otlpEnvironment(settings),
        OTEL_TRACES_SAMPLER: 'traceidratio',
        OTEL_TRACES_SAMPLER_ARG: String(settings.ratio),
      }
