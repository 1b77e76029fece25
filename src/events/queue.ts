import type { NewEvent } from '../model/event.ts'
import { plainEvent } from './plain.ts'

type QueueLimits = { events: number; bytes: number; batch: number }

/** Events that wait to be written, up to a bound; what is beyond is counted, and `events.lost` stands in its place. */
export const createEventQueue = (limits: QueueLimits, now: () => Date) => {
  const waiting: NewEvent[] = []
  let bytes = 0
  let lost = 0
  /** Stays as it is over all attempts to write it: one of them may have succeeded unheard. */
  let head: readonly NewEvent[] = []

  const push = (event: NewEvent) => {
    waiting.push(event)
    bytes += sizeOf(event)
  }
  const noteLost = () => {
    if (lost === 0) return
    const message = `${lost} events could not be kept.`
    push(plainEvent({ type: 'events.lost', message, data: { count: lost } }, now()))
    lost = 0
  }
  return {
    length: () => waiting.length,
    /** @returns whether there was room */
    add: (event: NewEvent): boolean => {
      const hasRoom = waiting.length < limits.events && bytes < limits.bytes
      if (hasRoom) push(event)
      else lost += 1
      return hasRoom
    },
    head: (): readonly NewEvent[] => {
      if (head.length === 0) head = waiting.slice(0, limits.batch)
      return head
    },
    /** The head is written, or will never be. */
    shift: ({ isLost }: { isLost: boolean }): void => {
      waiting.splice(0, head.length)
      for (const event of head) bytes -= sizeOf(event)
      if (isLost) lost += head.length
      head = []
      noteLost()
    },
  }
}

const sizeOf = ({ data, message }: NewEvent): number => data.length + message.length
