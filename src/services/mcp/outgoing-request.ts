import type { Service, Tool } from '../../model/service.ts'
import type { Span } from '../../model/span.ts'

/** What a request to an API is a part of, and what may be said of it. */
export type CallTrace = {
  span: Span
  service: Service
  tool: Tool
  /** How often it was sent so far. */
  sent: number
  /** A redirect led to another host, which knows nothing of us. */
  isElsewhere: boolean
}

/** A request as it leaves for the API. */
export type OutgoingRequest = {
  method: string
  url: URL
  headers: Record<string, string>
  body: Buffer | undefined
  /** Absent: it is not traced. */
  trace?: CallTrace
}

/** Its body, and the headers that describe the body. */
export type Payload = { headers: Record<string, string>; body: Buffer | undefined }
