import { chmodSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { messageOf } from '../../base/errors.ts'
import { onJsonLines, writeJsonLine } from '../../base/json-lines.ts'
import type { Runnable } from '../../base/lifecycle.ts'
import type { Log } from '../../base/log.ts'
import {
  CONTROL_VERSION,
  MAX_CONTROL_BYTES,
  parseControlRequest,
  type ControlAnswer,
  type ControlCall,
} from '../../model/control.ts'

type ControlOptions = {
  /** Undefined: no channel. */
  socketPath: string | undefined
  answer: (call: ControlCall) => Promise<unknown>
  log: Log
}

/**
 * The host's end of the control channel. The daemon keeps its connection open, so that the end of this process is seen at
 * once.
 */
export const createControl = ({ socketPath, answer, log }: ControlOptions): Runnable => {
  const connections = new Set<Socket>()
  const server = createServer((socket) => {
    connections.add(socket)
    socket.on('close', () => connections.delete(socket))
    socket.on('error', (error) => log.warn('control connection broke', { error }))
    onJsonLines(socket, MAX_CONTROL_BYTES, (value) => {
      void reply(value).then((reply) => writeJsonLine(socket, reply))
    })
  })

  const reply = async (value: unknown): Promise<ControlAnswer> => {
    const request = parseControlRequest(value)
    if (!request) return { id: 0, error: 'not a control request' }
    const { id, version, call } = request
    if (version !== CONTROL_VERSION)
      return { id, error: `this host speaks version ${CONTROL_VERSION}, not ${version}` }
    try {
      return { id, result: (await answer(call)) ?? null }
    } catch (error) {
      return { id, error: messageOf(error) }
    }
  }

  return {
    name: 'control',
    start: async () => {
      if (socketPath === undefined) return
      // A socket file of an earlier process of this host; PM2 runs one at a time.
      rmSync(socketPath, { force: true })
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen(socketPath, resolve)
      })
      chmodSync(socketPath, 0o600)
    },
    stop: () => {
      for (const socket of connections) socket.destroy()
      if (server.listening) server.close()
      return Promise.resolve()
    },
  }
}
