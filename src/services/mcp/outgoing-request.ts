/** A request as it leaves for the API. */
export type OutgoingRequest = {
  method: string
  url: URL
  headers: Record<string, string>
  body: Buffer | undefined
}

/** Its body, and the headers that describe the body. */
export type Payload = { headers: Record<string, string>; body: Buffer | undefined }
