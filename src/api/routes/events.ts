import { z } from 'zod'
import { AppError } from '../../base/errors.ts'
import type { StoredEvent } from '../../model/event.ts'
import { anyone, type Caller } from '../contract/access.ts'
import { answer, route, type Route } from '../contract/route.ts'
import { checkEventTypes, checkService } from '../known-names.ts'
import type { ApiNeeds, EventFilter, EventPage } from '../needs.ts'
import { cursor, isoTime, nextCursor, serviceName } from '../shapes.ts'

const tag = 'events'
const path = '/api/v1/events'
const PAGE = 100
const MAX_PAGE = 1_000
const RETRY_MS = 2_000

const id = z.string().regex(/^\d{1,15}$/, 'is no id of an event').transform(Number) // prettier-ignore
const filters = z.object({
  type: z
    .string()
    .max(500)
    .regex(/^[\w.,]+$/)
    .optional()
    .describe('Beginnings of types, with commas between: service.,key.invalid'),
  service: serviceName.regex(/^[^\0]*$/).optional(),
  instance: z.string().max(100).regex(/^[^\0]*$/).optional().describe('A handle.'), // prettier-ignore
})

const event = z
  .object({
    id: z.int(),
    at: isoTime,
    type: z.string(),
    service: z.string().nullable(),
    instanceId: z.string().nullable(),
    userId: z.string().nullable(),
    message: z.string(),
    data: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'Event' })

type Needs = Pick<ApiNeeds, 'events' | 'services' | 'isInHistory'>

/** What happened, in its order: as a stream from now on, or from where one broke off; and by page, newest first. */
export const eventRoutes = (needs: Needs): Route[] => [
  route({
    id: 'followEvents',
    method: 'get',
    path,
    tag,
    summary: 'What happens, as server-sent events; users hear of their own instances alone.',
    access: anyone,
    query: filters.extend({ after: id.optional().describe('As Last-Event-ID.') }),
    answers: {
      200: {
        description: 'A stream of events, each with its id; a client that names the last one misses nothing.', // prettier-ignore
        schema: z.string(),
        contentType: 'text/event-stream',
      },
    },
    errors: ['too_many_requests', 'service_unknown'],
    handle: async ({ query: { after, ...query }, caller, origin: { lastEventId } }) => {
      const from = lastEventId === undefined ? after : parseId(lastEventId)
      const pages = await needs.events.follow(await filterOf(needs, query, caller), from)
      return { ...answer(200, ''), stream: toStream(pages) }
    },
  }),
  route({
    id: 'listEvents',
    method: 'get',
    path: `${path}/history`,
    tag,
    summary: 'What happened, newest first; users see what concerns their own instances alone.',
    access: anyone,
    query: filters.extend({ cursor, limit: z.coerce.number().int().min(1).max(MAX_PAGE).optional() }), // prettier-ignore
    answers: {
      200: { description: 'A page of events.', schema: z.object({ events: z.array(event), nextCursor }) }, // prettier-ignore
    },
    errors: ['service_unknown'],
    handle: async ({ query: { cursor: before, limit = PAGE, ...query }, caller }) => {
      const found = await needs.events.newest(await filterOf(needs, query, caller), {
        before: before === undefined ? undefined : parseId(before),
        limit: limit + 1,
      })
      const page = found.slice(0, limit)
      const isMore = found.length > limit
      return answer(200, {
        events: page.map(toView),
        nextCursor: isMore ? String(page.at(-1)?.id) : null,
      })
    },
  }),
]

/** Operators see all, others what is theirs. @throws AppError `forbidden`, and for names that nothing has */
const filterOf = async (
  needs: Needs,
  { type, service, instance }: z.output<typeof filters>,
  caller: Caller,
): Promise<EventFilter> => {
  checkEventTypes(type?.split(',').filter(Boolean) ?? [])
  await checkService(needs, service)
  const filter = { types: type?.split(',').filter(Boolean), service, instanceId: instance }
  if (caller.kind === 'admin') return filter
  if (caller.scopes.includes('admin') && caller.role !== 'user') return filter
  if (caller.scopes.includes('read')) return { ...filter, userId: caller.userId }
  throw new AppError('forbidden', 'This token lacks the scope "read".')
}

const parseId = (text: string): number => {
  const parsed = id.safeParse(text)
  if (parsed.success) return parsed.data
  throw new AppError('invalid_request', `"${text.slice(0, 40)}" is no id of an event.`)
}

const toView = ({ at, ...rest }: StoredEvent) => ({ ...rest, at: at.toISOString() })

/** A page without events is a sign of life, and tells how far is looked. */
async function* toStream(pages: AsyncIterable<EventPage>): AsyncGenerator<string> {
  yield `retry: ${RETRY_MS}\n\n`
  for await (const { events, last } of pages) {
    const texts = events.map((one) => `id: ${one.id}\nevent: ${one.type}\ndata: ${JSON.stringify(toView(one))}\n\n`) // prettier-ignore
    yield texts.length > 0 ? texts.join('') : `id: ${last}\n: nothing new\n\n`
  }
}
