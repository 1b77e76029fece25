/** A request as it leaves for the API. */
export type OutgoingRequest = {
  method: string
  url: URL
  headers: Record<string, string>
  body: Buffer | undefined
}
