import { setTimeout as delay } from 'node:timers/promises'
import type { Config } from '../../base/config.ts'
import type { Log } from '../../base/log.ts'
import { createPm2 } from '../../processes/pm2.ts'
import { loadWantedFleet } from './wanted.ts'

const TRIES = 5
const PAUSE_MS = 500

/** A daemon that PM2 has lost sight of starts its successor under the new PM2; its own port and lock are free by then. */
export const startSuccessor = async (config: Config, log: Log): Promise<void> => {
  for (let attempt = 1; attempt <= TRIES; attempt++)
    try {
      const [daemon] = (await loadWantedFleet(config)).apps
      if (daemon) await createPm2(config.pm2Home).start(daemon)
      return
    } catch (error) {
      log.error('successor did not start', { attempt, error })
      await delay(PAUSE_MS)
    }
}
