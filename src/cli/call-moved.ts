import { z } from 'zod'
import type { Callable } from '../compose/migration/verify.ts'
import type { Service } from '../model/service.ts'
import { placeOf } from '../model/service.ts'
import { callHttp } from './http.ts'

export type Called = {
  called: number
  /** The gateway and the service's host answered. */
  answered: number
  /** Of these: the tool said that it failed, as the API did not take the call. */
  toolErrors: number
  failed: { handle: string; status: number | null }[]
}

const AT_ONCE = 4
const DEADLINE_MS = 30_000
const MAX_FAILED = 20
const result = z.object({ isError: z.boolean().optional() })

/** Calls moved instances through the gateway: a tool that reads and wants no parameters where there is one, else the list. */
export const callMoved = async (
  baseUrl: string,
  services: ReadonlyMap<string, Service>,
  instances: readonly Callable[],
): Promise<Called> => {
  const sums: Called = { called: 0, answered: 0, toolErrors: 0, failed: [] }
  const waiting = [...instances]
  const work = async (): Promise<void> => {
    for (let next = waiting.pop(); next; next = waiting.pop())
      add(sums, next, await callOne(baseUrl, services.get(next.service), next))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return sums
}

type Answer = { status: number | null; isError: boolean }

const add = (sums: Called, { handle }: Callable, { status, isError }: Answer): void => {
  sums.called += 1
  if (status !== null && status < 400) {
    sums.answered += 1
    if (isError) sums.toolErrors += 1
  } else if (sums.failed.length < MAX_FAILED) sums.failed.push({ handle, status })
}

const callOne = async (
  baseUrl: string,
  service: Service | undefined,
  { handle, secret, service: name }: Callable,
): Promise<Answer> => {
  const tool = service?.tools.find(readsWithoutParameters)
  const path = tool ? `tools/${tool.name}` : 'tools'
  const call = tool
    ? { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }
    : { method: 'GET', headers: {}, body: undefined }
  try {
    const url = `${baseUrl}/${handle}_${secret}/${name}/${path}`
    const { status, text } = await callHttp(url, { ...call, deadlineMs: DEADLINE_MS })
    return { status, isError: saysError(text) }
  } catch {
    return { status: null, isError: false }
  }
}

/** Of a tool's answer; the list of tools says nothing. */
const saysError = (text: string): boolean =>
  result.safeParse(JSON.parse(text)).data?.isError ?? false

const readsWithoutParameters = (tool: Service['tools'][number]): boolean =>
  tool.method === 'GET' &&
  Object.entries(tool.parameters).every(
    ([name, { required }]) => !required && placeOf(tool, name) !== 'path',
  )
