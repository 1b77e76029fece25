import { isDeepStrictEqual } from 'node:util'
import { expectedRequest } from './expected-request.ts'
import { checkOAuth1 } from './oauth1-signature.ts'
import type { Played } from './play.ts'
import { readRequest, type ReadRequest } from './read-request.ts'

/** What a recorded request differs in from what config and credentials say; empty when nothing. */
export const judgeByConfig = (played: Played): string[] => {
  const [recorded, ...more] = played.requests
  if (played.error !== undefined) return [`the call failed: ${played.error}`]
  if (!recorded || more.length > 0) return [`${played.requests.length} requests instead of one`]
  try {
    const got = readRequest(recorded)
    const oauth1 = played.config.auth.inject?.oauth1
    const signature = oauth1 ? checkOAuth1(played, got) : []
    if (oauth1) delete got.headers['authorization']
    return [...signature, ...differences(expectedRequest(played), got)]
  } catch (error) {
    return [String(error)]
  }
}

const differences = (expected: ReadRequest, got: ReadRequest): string[] =>
  (['method', 'path', 'query', 'headers', 'content'] as const)
    .filter((part) => !isDeepStrictEqual(expected[part], got[part]))
    .map(
      (part) =>
        `${part}: expected ${JSON.stringify(expected[part])}, got ${JSON.stringify(got[part])}`,
    )
