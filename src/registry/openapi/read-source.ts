import { lookup } from 'node:dns/promises'
import { readFile, stat } from 'node:fs/promises'
import { isIP } from 'node:net'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AppError, messageOf } from '../../base/errors.ts'
import { isPrivateAddress } from '../../base/private-address.ts'

export type Source = {
  bytes: Uint8Array
  /** What the config names as its source: an address without what may be secret in it, or a file's name. */
  name: string
  /** A file's path. */
  path?: string
  /** Where it was found in the end, for addresses relative to it; undefined for a file. */
  location: URL | undefined
}

/** `onlyPublic`: for addresses that a document names, not the operator. */
type ReadOptions = { onlyPublic?: boolean; deadlineMs?: number }

/** The largest known documents have 30 MB. */
const MAX_BYTES = 64 * 1024 * 1024
const MAX_REDIRECTS = 5

/**
 * Reads a document from a file or an http(s) address. The operator may name a private address; a redirect from a public
 * one to a private one is not followed.
 *
 * @throws AppError `openapi_unreachable`, `too_large`
 */
export const readSource = async (
  from: string,
  { onlyPublic = false, deadlineMs = 30_000 }: ReadOptions = {},
): Promise<Source> => {
  if (/^https?:\/\//i.test(from)) {
    if (!URL.canParse(from)) throw unreachable(from, 'is no address')
    return fetchSource(new URL(from), { onlyPublic, signal: AbortSignal.timeout(deadlineMs) })
  }
  const path = from.startsWith('file://') ? fileURLToPath(from) : from
  try {
    const { size } = await stat(path)
    if (size > MAX_BYTES) throw tooLarge(path)
    return { bytes: await readFile(path), name: basename(path), path, location: undefined }
  } catch (error) {
    throw error instanceof AppError ? error : unreachable(path, messageOf(error), error)
  }
}

type Fetching = { onlyPublic: boolean; signal: AbortSignal }

const fetchSource = async (first: URL, { onlyPublic, signal }: Fetching): Promise<Source> => {
  const mayBePrivate = await isPrivate(first)
  if (mayBePrivate && onlyPublic) throw unreachable(withoutSecrets(first), 'is a private address')
  let url = first
  for (let hops = 0; ; hops++) {
    const answer = await request(url, signal)
    const next = redirectedTo(answer, url)
    if (!next)
      return { bytes: await readAll(answer, url), name: withoutSecrets(first), location: url }
    if (hops >= MAX_REDIRECTS) throw unreachable(withoutSecrets(first), 'redirects without end')
    if (!/^https?:$/.test(next.protocol)) throw unreachable(withoutSecrets(first), `redirects to ${next.protocol}`) // prettier-ignore
    if (!mayBePrivate && (await isPrivate(next)))
      throw unreachable(withoutSecrets(first), `redirects to the private address ${next.hostname}, which is not followed`) // prettier-ignore
    url = next
  }
}

const request = async (url: URL, signal: AbortSignal): Promise<Response> => {
  const { username, password } = url
  const plain = new URL(url)
  plain.username = plain.password = ''
  const basic = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`)
  const headers = {
    accept: 'application/json, application/yaml;q=0.9, */*;q=0.8',
    'user-agent': 'berth',
    ...(username ? { authorization: `Basic ${basic.toString('base64')}` } : {}),
  }
  try {
    return await fetch(plain, { headers, signal, redirect: 'manual' })
  } catch (error) {
    throw unreachable(withoutSecrets(url), reasonOf(error), error)
  }
}

/** `fetch` says "fetch failed" and keeps why under `cause`. */
const reasonOf = (error: unknown): string => {
  if (error instanceof Error && error.name === 'TimeoutError') return 'does not answer in time'
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  return messageOf(cause) || 'does not answer'
}

const redirectedTo = (answer: Response, url: URL): URL | undefined => {
  const location = answer.headers.get('location')
  if (![301, 302, 303, 307, 308].includes(answer.status) || location === null) return undefined
  if (!URL.canParse(location, url.href))
    throw unreachable(withoutSecrets(url), 'redirects to no address')
  return new URL(location, url)
}

const readAll = async (answer: Response, url: URL): Promise<Uint8Array> => {
  if (!answer.ok) throw unreachable(withoutSecrets(url), `answers ${answer.status}`)
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of (answer.body ?? []) as AsyncIterable<Uint8Array>) {
      size += chunk.length
      if (size > MAX_BYTES) throw tooLarge(withoutSecrets(url))
      chunks.push(chunk)
    }
  } catch (error) {
    throw error instanceof AppError
      ? error
      : unreachable(withoutSecrets(url), reasonOf(error), error)
  }
  return Buffer.concat(chunks)
}

const isPrivate = async ({ hostname }: URL): Promise<boolean> => {
  const bare = hostname.replace(/^\[|\]$/g, '')
  if (isIP(bare) !== 0) return isPrivateAddress(bare)
  const addresses = await lookup(bare, { all: true }).catch(() => [])
  return addresses.some(({ address }) => isPrivateAddress(address))
}

/** Keys stand in the query of an address, or before its host. */
const withoutSecrets = (url: URL): string => `${url.origin}${url.pathname}`

const unreachable = (what: string, why: string, cause?: unknown): AppError =>
  new AppError('openapi_unreachable', `Cannot read ${what}: ${why}.`, { cause })

const tooLarge = (what: string): AppError =>
  new AppError('too_large', `${what} is larger than ${MAX_BYTES / 1024 / 1024} MB.`)
