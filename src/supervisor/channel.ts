import { connect, type Socket } from 'node:net'
import { AppError, messageOf } from '../base/errors.ts'
import { onJsonLines, writeJsonLine } from '../base/json-lines.ts'
import {
  CONTROL_VERSION,
  MAX_CONTROL_BYTES,
  type ControlAnswer,
  type ControlCall,
  type HostAnswer,
  type HostDescription,
} from '../model/control.ts'
import type { OwnFigures } from '../model/host-figures.ts'
import type { Service } from '../model/service.ts'

/** The daemon's end of a host's control channel. */
export type Channel = {
  /** @throws AppError `host_unreachable` */
  describe: () => Promise<HostDescription>
  /** Asks how it fares. @throws AppError `host_unreachable` */
  measure: () => Promise<OwnFigures>
  /** Swaps services in the running host; the others go on. @throws AppError `host_unreachable` */
  change: (change: { remove: readonly string[]; put: readonly Service[] }) => Promise<void>
  close: () => void
}

type ChannelOptions = {
  socketPath: string
  deadlineMs: number
  /** The host is gone, or was never there after a connection. */
  onClose: () => void
}

type Waiting = {
  resolve: (result: unknown) => void
  reject: (error: Error) => void
  timer: NodeJS.Timeout
}

/** Connects with the first call and stays connected; after a close the next call connects again. */
export const createChannel = ({ socketPath, deadlineMs, onClose }: ChannelOptions): Channel => {
  const waiting = new Map<number, Waiting>()
  let socket: Socket | undefined
  let lastId = 0

  const settle = (answer: ControlAnswer) => {
    const call = waiting.get(answer.id)
    if (!call) return
    waiting.delete(answer.id)
    clearTimeout(call.timer)
    if (answer.error === undefined) call.resolve(answer.result)
    else call.reject(unreachable(socketPath, answer.error))
  }

  const open = (): Socket => {
    const made = connect(socketPath)
    let reason = 'it closed the connection'
    made.unref()
    made.on('error', (error) => (reason = messageOf(error)))
    made.on('close', () => {
      if (socket === made) socket = undefined
      for (const id of [...waiting.keys()]) settle({ id, error: reason })
      if (made.bytesRead > 0) onClose()
    })
    onJsonLines(made, MAX_CONTROL_BYTES, (value) => settle(value as ControlAnswer))
    return made
  }

  const send = (call: ControlCall): Promise<unknown> =>
    new Promise((resolve, reject) => {
      socket ??= open()
      const id = (lastId += 1)
      const timer = setTimeout(
        () => settle({ id, error: `no answer within ${deadlineMs} ms` }),
        deadlineMs,
      )
      waiting.set(id, { resolve, reject, timer })
      writeJsonLine(socket, { id, version: CONTROL_VERSION, call })
    })

  return {
    describe: createDescribe(send, socketPath),
    measure: async () => (await send({ method: 'measure' })) as OwnFigures,
    change: async ({ remove, put }) => {
      await send({ method: 'change', remove, put })
    },
    close: () => socket?.destroy(),
  }
}

type Send = (call: ControlCall) => Promise<unknown>

/** A big host's configs are megabytes, and it is asked every few seconds: it tells them when they are others. */
const createDescribe = (send: Send, socketPath: string) => {
  let last: HostDescription | undefined
  return async (): Promise<HostDescription> => {
    const before = last
    const known = before?.revision
    const answer = (await send({ method: 'describe', ...(known !== undefined && { known }) })) as HostAnswer // prettier-ignore
    const services = answer.services ?? (answer.revision === known ? before?.services : undefined)
    last = services && { ...answer, services }
    if (last) return last
    throw unreachable(socketPath, 'it does not say what it serves')
  }
}

const unreachable = (socketPath: string, why: string): AppError =>
  new AppError('host_unreachable', `The host at ${socketPath} does not take changes: ${why}.`)
