import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { text } from 'node:stream/consumers'
import { loopbackSource } from '../base/loopback.ts'

type Call = {
  method: string
  headers: Record<string, string>
  body: string | undefined
  deadlineMs: number
}

/** One request on a connection of its own, so that a command which waits holds no port meanwhile. */
export const callHttp = (url: string, call: Call): Promise<{ status: number; text: string }> =>
  new Promise((resolve, reject) => {
    const { protocol, hostname } = new URL(url)
    const request = (protocol === 'https:' ? requestHttps : requestHttp)(
      url,
      {
        method: call.method,
        headers: call.headers,
        agent: false,
        signal: AbortSignal.timeout(call.deadlineMs),
        ...loopbackSource(hostname),
      },
      (answer) => {
        text(answer).then((body) => resolve({ status: answer.statusCode ?? 0, text: body }), reject)
      },
    )
    request.on('error', reject)
    request.end(call.body)
  })
