import { AppError, ERROR_CODES, messageOf, type ErrorCode } from '../base/errors.ts'
import { callHttp } from './http.ts'

/** A client of the daemon's HTTP API with the admin token. */
export type Client = {
  get: <T>(path: string) => Promise<T>
  /** As it comes: of what is no JSON. */
  getText: (path: string) => Promise<string>
  post: <T>(path: string, body: unknown) => Promise<T>
  patch: <T>(path: string, body: unknown) => Promise<T>
  put: (path: string, body: unknown) => Promise<void>
  delete: (path: string) => Promise<void>
}

type Received = { parsed: unknown; text: string }

const DEADLINE_MS = 15_000

/** @throws from each call: AppError with the daemon's code, or `daemon_not_running` when nothing answers */
export const createClient = (url: string, token: string): Client => {
  const send = async (method: string, path: string, body?: unknown): Promise<Received> => {
    const answer = await callHttp(`${url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      deadlineMs: DEADLINE_MS,
    }).catch((cause: unknown) => {
      throw new AppError(
        'daemon_not_running',
        `The daemon at ${url} does not answer: ${messageOf(cause)}.`,
        { cause },
      )
    })
    const parsed = parse(answer.text)
    if (answer.status >= 200 && answer.status < 300) return { parsed, text: answer.text }
    throw toError(answer.status, parsed)
  }
  return {
    get: async <T>(path: string) => (await send('GET', path)).parsed as T,
    getText: async (path) => (await send('GET', path)).text,
    post: async <T>(path: string, body: unknown) => (await send('POST', path, body)).parsed as T,
    patch: async <T>(path: string, body: unknown) => (await send('PATCH', path, body)).parsed as T,
    put: async (path, body) => {
      await send('PUT', path, body)
    },
    delete: async (path) => {
      await send('DELETE', path)
    },
  }
}

/** Whatever is no JSON comes from something between here and the daemon; its status says enough. */
const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const toError = (status: number, answer: unknown): AppError => {
  const { code = 'internal', message = `The daemon answered ${status}.` } =
    (answer as { error?: { code?: string; message?: string } } | undefined)?.error ?? {}
  return new AppError(code in ERROR_CODES ? (code as ErrorCode) : 'internal', message, { status })
}
