import { createClient } from '@redis/client'
import type { Runnable } from '../base/lifecycle.ts'
import type { Log } from '../base/log.ts'

type Draw = { key: string; costMs: number; capacityMs: number }

/** A request waits no longer for Redis; then it is counted without it. */
const ANSWER_MS = 50
const CONNECT_MS = 1_000
const MAX_RETRY_MS = 2_000
const MAX_QUEUE = 10_000

/**
 * Token buckets as one number each, like those in memory: the time at which the bucket is full again, by the clock of Redis.
 * KEYS: buckets; ARGV: cost and capacity of each, ms. Draws from all or from none; returns the ms until that is possible.
 */
const SCRIPT = `
local time = redis.call('time')
local now = time[1] * 1000 + time[2] / 1000
local wait, debts = 0, {}
for i, key in ipairs(KEYS) do
  local cost, capacity = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  debts[i] = math.max(0, tonumber(redis.call('get', key) or 0) - now) + cost
  wait = math.max(wait, debts[i] - math.max(cost, capacity))
end
if wait == 0 then
  for i, key in ipairs(KEYS) do
    redis.call('set', key, string.format('%.3f', now + debts[i]), 'px', math.ceil(debts[i]))
  end
end
return tostring(wait)`

/** Buckets that several processes share. It starts without Redis too; what it cannot do then is rejected at once. */
export const createSharedBuckets = (url: string, log: Log) => {
  const client = createClient({
    url,
    disableOfflineQueue: true,
    commandsQueueMaxLength: MAX_QUEUE,
    socket: {
      connectTimeout: CONNECT_MS,
      reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, MAX_RETRY_MS),
    },
  })
  let isAway = false
  client.on('error', (error) => {
    if (!isAway) log.warn('Redis does not answer; limits are counted by each process', { error })
    isAway = true
  })
  client.on('ready', () => {
    if (isAway) log.info('Redis answers again')
    isAway = false
  })
  const runnable: Runnable = {
    name: 'redis',
    start: async () => {
      const connected = client.connect().catch(() => undefined)
      await Promise.race([connected, new Promise((resolve) => client.once('error', resolve))])
    },
    stop: () => {
      client.destroy()
      return Promise.resolve()
    },
  }
  return {
    runnable,
    take: async (draws: readonly Draw[]): Promise<number> => {
      const keys = draws.map(({ key }) => `berth:rate:${key}`)
      const values = draws.flatMap(({ costMs, capacityMs }) => [String(costMs), String(capacityMs)])
      const asked = client.eval(SCRIPT, { keys, arguments: values })
      return Number(await within(asked, ANSWER_MS))
    },
  }
}

const within = async <T>(asked: Promise<T>, deadlineMs: number): Promise<T> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('Redis did not answer in time')), deadlineMs)
  })
  try {
    return await Promise.race([asked, late])
  } finally {
    clearTimeout(timer)
    asked.catch(() => undefined)
  }
}
