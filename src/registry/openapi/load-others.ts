import { dirname, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { messageOf } from '../../base/errors.ts'
import { isObject, type Json } from './json.ts'
import type { Note } from './note.ts'
import { parseText, refusal } from './parse-document.ts'
import { readSource, type Source } from './read-source.ts'

/** By absolute address, as the rewritten references name them. */
export type Others = { others: Map<string, unknown>; notes: Note[] }

const MAX_FILES = 200

type Reference = { node: Record<string, unknown>; file: string; pointer: string }

/**
 * Loads every file that a document refers to, and what those refer to, and rewrites the references to absolute ones. A
 * document from a file reaches files of its own folder; one from the web its own origin; both reach public addresses.
 */
export const loadOthers = async (root: Json, source: Source): Promise<Others> => {
  const home = source.location ?? pathToFileURL(resolve(source.path ?? source.name))
  const others = new Map<string, unknown>()
  const notes: Note[] = []
  const failed = new Set<string>()
  const load = async (address: string): Promise<boolean> => {
    if (address === home.href || others.has(address)) return true
    if (failed.has(address)) return false
    try {
      others.set(address, await read(address, home, others.size))
      return true
    } catch (error) {
      failed.add(address)
      notes.push({ where: address, reason: messageOf(error) })
      return false
    }
  }
  const pending: [document: unknown, address: string][] = [[root, home.href]]
  for (let next = pending.pop(); next; next = pending.pop()) {
    const [document, address] = next
    for (const { node, file, pointer } of referencesIn(document)) {
      const target = addressOf(file, address)
      const isNew = !others.has(target) && target !== home.href
      if (!(await load(target))) continue
      node['$ref'] = `${target === home.href ? '' : target}#${pointer}`
      if (isNew) pending.push([others.get(target), target])
    }
  }
  return { others, notes }
}

const addressOf = (file: string, from: string): string => {
  if (file === '') return from
  return URL.canParse(file, from) ? new URL(file, from).href : file
}

const read = async (address: string, home: URL, loaded: number): Promise<unknown> => {
  if (loaded >= MAX_FILES) throw refusal(`There are more than ${MAX_FILES} files.`)
  const url = new URL(address)
  const isOwn = url.protocol === 'file:' ? isBelow(url, home) : url.origin === home.origin
  if (url.protocol === 'file:' && !isOwn)
    throw refusal('It lies outside of the folder of the document.')
  const { bytes } = await readSource(address, { onlyPublic: !isOwn })
  return parseText(new TextDecoder().decode(bytes))
}

const isBelow = (url: URL, home: URL): boolean =>
  home.protocol === 'file:' && fileURLToPath(url).startsWith(`${dirname(fileURLToPath(home))}/`)

/** Every reference; without recursion, since a document may be deep. */
const referencesIn = (document: unknown): Reference[] => {
  const found: Reference[] = []
  const seen = new Set<unknown>()
  const stack: unknown[] = [document]
  while (stack.length > 0) {
    const node = stack.pop()
    if (typeof node !== 'object' || node === null || seen.has(node)) continue
    seen.add(node)
    stack.push(...(Object.values(node) as unknown[]))
    const reference = isObject(node) ? node['$ref'] : undefined
    if (typeof reference !== 'string') continue
    const [file = '', pointer = ''] = reference.split('#', 2)
    found.push({ node: node as Record<string, unknown>, file, pointer })
  }
  return found
}
