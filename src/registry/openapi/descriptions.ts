const ENTITIES: Readonly<Record<string, string>> = {
  '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'", '&nbsp;': ' ',
} // prettier-ignore

/** No document needs more read than this to say a sentence or two. */
const READ_AT_MOST = 8_000

/**
 * Plain text of bounded length from what documents write: HTML and Markdown's marks go, links keep their words, white
 * space becomes one blank, and what is too long ends at a sentence or at least at a word.
 */
export const shorten = (text: string, limit: number): string => {
  const plain = text
    .slice(0, READ_AT_MOST)
    .replace(/<\/?[a-z][^<>]*>/gi, ' ')
    .replace(/!?\[([^[\]]*)\]\([^()\s]*\)/g, '$1')
    .replace(/&(?:amp|lt|gt|quot|#39|nbsp);/g, (entity) => ENTITIES[entity] ?? ' ')
    .replace(/^\s*(?:#{1,6}|[-=*_]{3,}|```\w*)\s*/gm, ' ')
    .replace(/\*\*|__|`/g, '')
    .replace(/[\u0000-\u001f\u007f\u2028\u2029\s]+/g, ' ')
    .trim()
  return plain.length <= limit ? plain : cut(plain, limit)
}

const cut = (text: string, limit: number): string => {
  const head = text.slice(0, limit - 1)
  const sentence = Math.max(head.lastIndexOf('. '), head.lastIndexOf('! '), head.lastIndexOf('? '))
  if (sentence > limit / 2) return head.slice(0, sentence + 1)
  const word = head.lastIndexOf(' ')
  return `${(word > limit / 2 ? head.slice(0, word) : head).replace(/[\s,;:\ud800-\udbff]+$/, '')}…`
}

/** `createdAfter`, `created_after` → "created after": better than nothing where a document says nothing. */
export const wordsOf = (name: string): string =>
  name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
    .toLowerCase() || name
