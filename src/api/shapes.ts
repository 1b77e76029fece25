import { z } from 'zod'
import { OUTCOMES } from '../model/verification.ts'
import { storable } from './cursor.ts'

// What routes take and give, as far as several of them share it. A name (`id`) makes it a component of the document.

export const email = z.email().max(320)
export const serviceName = z.string().max(100)
/** Looked for in the database, which takes no NUL. */
export const searched = (maxLength: number) =>
  z.string().max(maxLength).refine(storable, 'has a character that no text has')
export const isoTime = z.iso.datetime()

export const cursor = z.string().max(1_000).optional().describe('nextCursor of the page before.')
export const nextCursor = z.string().nullable().describe('null: this was the last page')

/** Written into a URL, or asked for by one. */
export const ofService = z.object({ serviceType: z.string() })

const value = z.string().max(6_000)
export const credentialsBody = z.strictObject({
  credentials: z
    .record(z.string().max(100), value)
    .optional()
    .describe('The fields that the service declares, by name.'),
  apiKey: value.min(1).optional().describe("Fills the service's only required secret field."),
})

export const authenticated = z
  .object({
    instanceId: z.string().describe('The handle; not secret.'),
    instanceUrl: z.url().describe('Secret: whoever has it can use the key behind it.'),
    verification: z.enum(['valid', 'unreachable', 'unverifiable']),
    account: z.string().optional().describe('How the API of the service names the account.'),
  })
  .meta({ id: 'Authenticated' })

export const instance = z
  .object({
    instanceId: z.string(),
    instanceUrl: z.url(),
    serviceType: z.string(),
    isActive: z.boolean(),
    createdAt: isoTime,
    lastUsedAt: isoTime.nullable(),
    verification: z.enum(OUTCOMES),
    account: z.string().nullable(),
    verifiedAt: isoTime.nullable().describe('When the API last said something about the key.'),
  })
  .meta({ id: 'Instance' })

export const listedInstance = instance
  .omit({ instanceUrl: true, account: true, verifiedAt: true })
  .extend({ email: z.string() })
  .meta({ id: 'ListedInstance' })

export const instances = z.object({ instances: z.array(instance) })
