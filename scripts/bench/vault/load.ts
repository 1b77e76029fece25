import { request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { systemCodeOf } from '../../../src/base/errors.ts'

export type LoadFigures = {
  answered: number
  /** Answered by something else than 200. */
  failed: number
  /** Attempts while no daemon listened, or cut off by its end; each was made again until it was answered. */
  retried: number
}

const RETRY_MS = 50
const GONE = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE']

/** Lists tools through instance URLs, a few at a time with a pause, until it is stopped. */
export const startLoad = (urls: readonly string[], workers: number) => {
  const figures: LoadFigures = { answered: 0, failed: 0, retried: 0 }
  let isOver = false
  const work = async (first: number): Promise<void> => {
    for (let at = first; !isOver; at++) {
      const status = await ask(urls[at % urls.length] ?? '').catch((error: unknown) => {
        if (GONE.includes(systemCodeOf(error) ?? '')) return undefined
        return 0
      })
      if (status === undefined) {
        figures.retried += 1
        at -= 1
        await delay(RETRY_MS)
        continue
      }
      figures.answered += 1
      if (status !== 200) figures.failed += 1
      await delay(5)
    }
  }
  const running = Array.from({ length: workers }, (_, index) => work(index * 7))
  return {
    stop: async (): Promise<LoadFigures> => {
      isOver = true
      await Promise.all(running)
      return figures
    },
  }
}

const ask = (url: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const outgoing = request(url, { agent: false, timeout: 30_000 }, (answer) => {
      answer.resume()
      answer.once('error', reject)
      answer.once('end', () => resolve(answer.statusCode ?? 0))
    })
    outgoing.once('timeout', () => outgoing.destroy(new Error('no answer')))
    outgoing.once('error', reject)
    outgoing.end()
  })
