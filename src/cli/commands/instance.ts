import { text } from 'node:stream/consumers'
import type { Command } from 'commander'
import { z } from 'zod'
import { readConfig, type Config } from '../../base/config.ts'
import { AppError } from '../../base/errors.ts'
import type { CredentialsInput } from '../../model/credentials-input.ts'
import { requireDaemon } from '../daemon-client.ts'
import { withOperations } from '../operations.ts'
import { beginSignIn, waitForSignIn, type SignInStart } from '../sign-in.ts'
import { note, print, printJson, printSecret, table } from '../output.ts'

type Options = { user: string; service: string; json?: boolean }

const fields = z.record(z.string(), z.string())

const parseFields = (given: string): Record<string, string> => {
  const parsed = fields.safeParse(parseJson(given))
  if (parsed.success) return parsed.data
  throw new AppError('credentials_invalid', 'The value of every field is text: {"field": "value"}.')
}

/** Keys come by stdin, never as an argument, where `ps` and the shell's history would show them. */
const readKey = async (): Promise<CredentialsInput> => {
  if (process.stdin.isTTY) note('Paste the key (or a JSON object of fields), then press Ctrl-D:')
  const given = (await text(process.stdin)).trim()
  if (given === '')
    throw new AppError(
      'credentials_invalid',
      'No key came by stdin. Try: berth instance create … < key.txt',
    )
  if (!given.startsWith('{')) return { apiKey: given }
  return { credentials: parseFields(given) }
}

/** What a service wants to know besides the sign-in, as a JSON object by stdin; a terminal is not asked. */
const readFields = async (): Promise<Record<string, string> | undefined> => {
  const given = process.stdin.isTTY ? '' : (await text(process.stdin)).trim()
  return given === '' ? undefined : parseFields(given)
}

const startSignIn = async (config: Config, { user: email, service }: Options) => {
  const client = await requireDaemon(config)
  return beginSignIn(client, { email, service, credentials: await readFields() })
}

/** Prints where to go, and returns when the user is back. */
const signIn = async (config: Config, options: Options) => {
  const { authorizationUrl } = await startSignIn(config, options)
  note(`Open this address in a browser, and grant the access:\n\n${authorizationUrl}\n`)
  note('Waiting …')
  return waitForSignIn(await requireDaemon(config), { email: options.user, service: options.service }) // prettier-ignore
}

const parseJson = (given: string): unknown => {
  try {
    return JSON.parse(given)
  } catch {
    throw new AppError('malformed_json', 'What came by stdin begins like JSON, but is not.')
  }
}

const withCommon = (command: Command): Command =>
  command
    .requiredOption('--user <email>', 'whose instance')
    .requiredOption('--service <name>', 'of which service')
    .option('--json', 'print JSON')

export const add = (program: Command): void => {
  const instance = program.command('instance').description("users' access to services")
  addCreate(instance)
  addList(instance)
  addRotate(instance)
  addVerify(instance)
  addSwitches(instance)
  addRevoke(instance)
}

const addCreate = (instance: Command): void => {
  withCommon(instance.command('create').description('store a key (from stdin) and print the URL'))
    .option('--oauth', 'sign in instead: print the address to open, wait, and print the URL')
    .option('--no-wait', 'with --oauth: only print the address')
    .action(async (options: Options & { oauth?: boolean; wait: boolean }) => {
      const config = readConfig()
      if (options.oauth && !options.wait)
        return printStart(await startSignIn(config, options), options)
      const made = options.oauth
        ? await signIn(config, options)
        : await createWithKey(config, options)
      if (options.json) return printJson(made)
      printSecret(
        made.instanceUrl,
        `The key is ${describeKey(made)}. Paste the URL into an MCP client; whoever has it can use the key behind it.`,
      )
    })
}

const createWithKey = async (config: Config, { user: email, service }: Options) => {
  const key = await readKey()
  return withOperations(config, (operations) =>
    operations.createInstance({ email, service, ...key }),
  )
}

const printStart = (started: SignInStart, { json }: Options): void => {
  if (json) printJson(started)
  else print(started.authorizationUrl)
}

const addList = (instance: Command): void => {
  instance
    .command('list')
    .description("list a user's instances with their URLs, or everybody's without")
    .option('--user <email>', 'whose instances')
    .option('--json', 'print JSON')
    .action(async ({ user, json }: { user?: string; json?: boolean }) => {
      if (user === undefined) {
        await listAll(json)
        return
      }
      const instances = await withOperations(readConfig(), (operations) =>
        operations.listInstances(user),
      )
      if (json) return printJson({ instances })
      const rows = instances.map((row) => [
        row.serviceType,
        row.isActive ? 'active' : 'paused',
        row.instanceUrl,
      ])
      print(table(['SERVICE', 'STATE', 'URL'], rows))
    })
}

const listAll = async (json: boolean | undefined): Promise<void> => {
  const instances = await withOperations(readConfig(), (operations) =>
    operations.listAllInstances(),
  )
  if (json) {
    printJson({ instances })
    return
  }
  const rows = instances.map((row) => [
    row.instanceId,
    row.email,
    row.serviceType,
    row.isActive ? 'active' : 'paused',
    row.lastUsedAt?.slice(0, 10) ?? 'never',
  ])
  print(table(['INSTANCE', 'USER', 'SERVICE', 'STATE', 'USED'], rows))
}

const addSwitches = (instance: Command): void => {
  for (const [action, description, done] of [
    ['pause', 'close the URL for a while; nothing is lost', 'is paused'],
    ['resume', 'open the URL of a paused instance again', 'is active'],
  ] as const)
    withCommon(instance.command(action).description(description)).action(
      async ({ user: email, service, json }: Options) => {
        const changed = await withOperations(readConfig(), (operations) =>
          operations.switchInstance({ email, service }, action),
        )
        if (json) printJson(changed)
        else print(`${service} of ${email} ${done}.`)
      },
    )
}

const addRotate = (instance: Command): void => {
  withCommon(
    instance.command('rotate').description('give the instance a new URL; the old one ends'),
  ).action(async ({ user: email, service, json }: Options) => {
    const rotated = await withOperations(readConfig(), (operations) =>
      operations.rotateInstance({ email, service }),
    )
    if (json) printJson(rotated)
    else print(rotated.instanceUrl)
  })
}

const addVerify = (instance: Command): void => {
  withCommon(
    instance.command('verify').description('ask the API of the service whether the key works'),
  ).action(async ({ user: email, service, json }: Options) => {
    const asked = await withOperations(readConfig(), (operations) =>
      operations.verifyInstance({ email, service }),
    )
    if (json) printJson(asked)
    else print(describeKey(asked))
  })
}

const describeKey = ({
  verification,
  account,
}: {
  verification: string
  account?: string | null
}) => (account ? `${verification} (${account})` : verification)

const addRevoke = (instance: Command): void => {
  withCommon(instance.command('revoke').description('delete the instance and wipe its key')).action(
    async ({ user: email, service, json }: Options) => {
      await withOperations(readConfig(), (operations) =>
        operations.removeInstance({ email, service }),
      )
      if (json) printJson({ service, revoked: true })
      else print(`Revoked ${service} of ${email}; its key is wiped.`)
    },
  )
}
