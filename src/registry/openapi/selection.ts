import type { Note } from './note.ts'
import type { RawOperation } from './operations.ts'
import { refusal } from './parse-document.ts'

export type Selection = { tags: readonly string[]; maxTools: number }

/**
 * The operations to import, in the order of the document: those of the tags, and when they are too many, deprecated ones
 * go first and then the last ones.
 * @throws AppError `openapi_invalid` when a tag names none, naming those that do
 */
export const chooseOperations = (
  all: readonly RawOperation[],
  { tags, maxTools }: Selection,
): { chosen: RawOperation[]; leftOut: Note[] } => {
  const wanted = new Set(tags.map((tag) => tag.toLowerCase()))
  const has = (operation: RawOperation) =>
    operation.tags.some((tag) => wanted.has(tag.toLowerCase()))
  const tagged = wanted.size === 0 ? all : all.filter(has)
  refuseUnknownTags(tags, all)
  const byWorth = [...tagged].sort((a, b) => Number(a.deprecated) - Number(b.deprecated))
  const kept = new Set(byWorth.slice(0, maxTools))
  const why = (operation: RawOperation): string =>
    wanted.size > 0 && !has(operation)
      ? 'has none of the tags'
      : `is beyond --max-tools ${maxTools}; choose with --tags`
  return {
    chosen: all.filter((operation) => kept.has(operation)),
    leftOut: all
      .filter((operation) => !kept.has(operation))
      .map((operation) => ({
        where: `${operation.method} ${operation.path}`,
        reason: why(operation),
      })),
  }
}

const refuseUnknownTags = (tags: readonly string[], all: readonly RawOperation[]): void => {
  const known = new Map(
    all.flatMap((operation) => operation.tags.map((tag) => [tag.toLowerCase(), tag])),
  )
  const unknown = tags.filter((tag) => !known.has(tag.toLowerCase()))
  if (unknown.length === 0) return
  const named = [...known.values()].slice(0, 40).join(', ') || 'none at all'
  throw refusal(`No operation has the tag ${unknown.join(', ')}. The document's tags: ${named}.`)
}
