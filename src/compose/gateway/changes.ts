import type { Config } from '../../base/config.ts'
import type { Runnable } from '../../base/lifecycle.ts'
import type { Log } from '../../base/log.ts'
import { createListener } from '../../store/listener.ts'

/** What the triggers of `user_service_instances` and `api_tokens` announce. */
const CHANNEL = 'berth_changes'

export type Changes = {
  onInstance: (handle: string) => void
  onMade: () => void
  onToken: () => void
  onRouting: () => void
  onGap: () => void
}

/** Hears what any process changes in Postgres. The embedded database is this process's own. */
export const createChangeListener = (
  { config, log }: { config: Config; log: Log },
  { onInstance, onMade, onToken, onRouting, onGap }: Changes,
): Runnable[] => {
  if (config.databaseUrl === undefined) return []
  const onMessage = (message: string) => {
    const [kind, handle = ''] = message.split(' ')
    if (kind === 'instance') onInstance(handle)
    else if (kind === 'made') onMade()
    else if (kind === 'routing') onRouting()
    else onToken()
  }
  const url = config.databaseUrl
  return [createListener({ url, channel: CHANNEL, onMessage, onGap, log: log.child('store') })]
}
