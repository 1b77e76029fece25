import type { Service } from '../model/service.ts'
import type { Channel } from './channel.ts'

/** The control channels to all hosts, opened when first needed. */
export const createChannels = (
  open: (host: string, onClose: () => void) => Channel,
  onClose: () => void,
) => {
  const channels = new Map<string, Channel>()
  const channelTo = (host: string): Channel => {
    const known = channels.get(host)
    if (known) return known
    const made = open(host, onClose)
    channels.set(host, made)
    return made
  }
  return {
    /** @returns undefined when the host does not answer: it is starting, or another look will tell */
    describe: (host: string): Promise<readonly Service[] | undefined> =>
      channelTo(host)
        .describe()
        .then(({ services }) => services)
        .catch(() => undefined),
    change: (
      host: string,
      change: { remove: readonly string[]; put: readonly Service[] },
    ): Promise<void> => channelTo(host).change(change),
    closeAll: (): void => {
      for (const channel of channels.values()) channel.close()
      channels.clear()
    },
  }
}
