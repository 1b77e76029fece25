import type { Config } from '../../base/config.ts'
import type { Log } from '../../base/log.ts'
import type { Tracing } from '../../tracing/tracing.ts'
import { packageVersion } from '../fleet/wanted.ts'

type Options = { config: Config; processName: string; log: Log }

/** @returns undefined when no collector is named: nothing of it is loaded then */
export const openTracing = async ({
  config,
  processName,
  log,
}: Options): Promise<Tracing | undefined> => {
  if (!config.tracing) return undefined
  const { createTracing } = await import('../../tracing/tracing.ts')
  const { ratio } = config.tracing
  const version = packageVersion(config)
  return createTracing({
    otlp: config.tracing,
    ratio,
    processName,
    version,
    log: log.child('tracing'),
  })
}
