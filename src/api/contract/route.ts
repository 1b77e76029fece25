import { z } from 'zod'
import type { ErrorCode } from '../../base/errors.ts'
import type { AuditEntry } from '../../model/audit.ts'
import { parseInput } from '../validate.ts'
import type { Access, Caller } from './access.ts'

/** What a route may answer under one status. Without a schema: no body. */
export type AnswerSpec = {
  description: string
  schema?: z.ZodType
  /** Of a body that is not JSON but text. */
  /** It may come as CSV instead. */
  csv?: true
  contentType?:
    'text/html' | 'text/plain' | 'text/plain; version=0.0.4' | 'text/csv' | 'text/event-stream'
}
export type Answers = Readonly<Record<number, AnswerSpec>>

type Headers = Readonly<Record<string, string>>
export type Answer = {
  status: number
  body?: unknown
  headers?: Headers
  /** In the place of a JSON body. */
  csv?: string
  /** In the place of a body: text that goes on until it ends or the client leaves. */
  stream?: AsyncIterable<string>
}
type AnswerUnder<Status, Spec> = Spec extends { schema: infer S extends z.ZodType }
  ? { status: Status; body: z.input<S> }
  : { status: Status; body?: undefined }
/** One of the answers that a route declares. */
type AnswerOf<A extends Answers> = Answer & { [S in keyof A]: AnswerUnder<S, A[S]> }[keyof A]

/** An answer with a body; `headers` may be set besides. */
export const answer = <const Status extends number, Body>(
  status: Status,
  body: Body,
  headers: Headers = {},
) => ({ status, body, headers })

/** An answer without a body. */
export const done = <const Status extends number>(status: Status, headers: Headers = {}) => ({
  status,
  headers,
})

/** From where a request came; for the audit log. */
type Origin = {
  caller: Caller | undefined
  address: string
  /** From this machine itself, over no proxy. */
  isLocal: boolean
  /** The media types that its sender takes, as it wrote them. */
  accept: string
  requestId: string
  /** Where a stream of events broke off. */
  lastEventId: string | undefined
}

/** A request as it came: nothing of it is checked yet. */
type Raw = { caller: Caller | undefined; params: unknown; query: unknown; body: unknown; origin: Origin } // prettier-ignore

type Given<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, C> = {
  params: z.output<P>
  query: z.output<Q>
  body: z.output<B>
  caller: C
  origin: Origin
}

/** What the audit log says of a request that was done: never a body, never a secret. */
type Audited = Pick<AuditEntry, 'action' | 'target' | 'details'>

type Described = {
  /** The name of the operation in clients that are made from the document. */
  id: string
  method: 'get' | 'post' | 'put' | 'patch' | 'delete'
  /** As express writes it: `/api/v1/services/:serviceType`. */
  path: string
  tag: string
  summary: string
  /** Besides those that every route of its kind may answer. */
  errors?: readonly ErrorCode[]
  /** Whether a client may ask with `If-None-Match`. */
  etag?: true
}

type Declared<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, C, A extends Answers> =
  Described & {
  access: Access<C>
  params?: P
  query?: Q
  body?: B
  answers: A
  /** Absent: the request is not in the audit log. */
  audit?: (given: Given<P, Q, B, C>, answer: AnswerOf<A>) => Audited
  handle: (given: Given<P, Q, B, C>) => Promise<AnswerOf<A>> | AnswerOf<A>
} // prettier-ignore

/** A route whose input is checked by what its description says. */
export type Route = Described & {
  access: Access
  params: z.ZodType | undefined
  query: z.ZodType | undefined
  body: z.ZodType | undefined
  answers: Answers
  /** @throws AppError, and whatever the work behind it throws */
  answer: (raw: Raw) => Promise<Answer & { audited?: Audited | undefined }>
}

const nothing = z.unknown()

/** Declares a route: the OpenAPI document and the checks of its input come from this one place. */
export const route = <
  C,
  A extends Answers,
  P extends z.ZodType = z.ZodUnknown,
  Q extends z.ZodType = z.ZodUnknown,
  B extends z.ZodType = z.ZodUnknown,
>(
  declared: Declared<P, Q, B, C, A>,
): Route => {
  const { params, query, body, access, audit, handle, ...described } = declared
  const read = <S extends z.ZodType>(schema: S | undefined, value: unknown) =>
    parseInput(schema ?? nothing, value) as z.output<S>
  return {
    ...described,
    access,
    params,
    query,
    body,
    answer: async (raw) => {
      const given = {
        caller: access.admit(raw.caller, raw.origin.isLocal),
        params: read(params, raw.params),
        query: read(query, raw.query),
        body: read(body, raw.body),
        origin: raw.origin,
      }
      const answered = await handle(given)
      return audit ? { ...answered, audited: audit(given, answered) } : answered
    },
  }
}
