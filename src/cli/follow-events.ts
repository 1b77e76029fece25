import { request as requestHttp, type IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '../base/errors.ts'
import { loopbackSource } from '../base/loopback.ts'
import { EVENTS_PATH, type EventView } from './event-access.ts'

type Follow = {
  url: string
  token: string
  query: URLSearchParams
  after: number | undefined
  take: (event: EventView) => void
  signal: AbortSignal
}

const CONNECT_MS = 10_000
/** The stream gives a sign of life every 15 s. */
const SILENCE_MS = 45_000
const RETRY_MS = 2_000

/**
 * Follows the stream of events until the signal. After a break it goes on where it was.
 * @throws AppError when the daemon refuses
 */
export const followEvents = async (follow: Follow): Promise<void> => {
  const state = { last: follow.after }
  while (!follow.signal.aborted) {
    await readStream(follow, state).catch((error: unknown) => {
      if (error instanceof AppError) throw error // a refusal stays one
    })
    await delay(RETRY_MS, undefined, { signal: follow.signal }).catch(() => undefined)
  }
}

const readStream = async (follow: Follow, state: { last: number | undefined }): Promise<void> => {
  const answer = await open(follow, state.last)
  if (answer.statusCode !== 200)
    throw new AppError(
      'forbidden',
      `The daemon answered ${answer.statusCode ?? '?'} to the events.`,
    )
  let rest = ''
  answer.setEncoding('utf8')
  for await (const chunk of answer as AsyncIterable<string>) {
    const messages = (rest + chunk).split('\n\n')
    rest = messages.pop() ?? ''
    for (const message of messages) takeMessage(message, follow, state)
  }
}

const takeMessage = (
  message: string,
  { take }: Pick<Follow, 'take'>,
  state: { last: number | undefined },
): void => {
  const id = /^id: (\d+)$/m.exec(message)?.[1]
  const data = /^data: (.*)$/m.exec(message)?.[1]
  if (data !== undefined) take(JSON.parse(data) as EventView)
  if (id !== undefined) state.last = Number(id)
}

const open = (
  { url, token, query, signal }: Follow,
  last: number | undefined,
): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const { protocol, hostname } = new URL(url)
    const asked = (protocol === 'https:' ? requestHttps : requestHttp)(
      `${url}${EVENTS_PATH}?${query.toString()}`,
      {
        headers: {
          authorization: `Bearer ${token}`,
          accept: 'text/event-stream',
          ...(last !== undefined && { 'last-event-id': String(last) }),
        },
        agent: false,
        signal,
        timeout: SILENCE_MS,
        ...loopbackSource(hostname),
      },
      resolve,
    )
    const connecting = setTimeout(() => asked.destroy(), CONNECT_MS)
    asked.once('response', () => clearTimeout(connecting))
    asked.once('close', () => clearTimeout(connecting))
    asked.on('timeout', () => asked.destroy())
    asked.on('error', reject)
    asked.end()
  })
