import { text } from 'node:stream/consumers'
import type { Command } from 'commander'
import { readConfig } from '../../base/config.ts'
import { withOperations } from '../operations.ts'
import { note, print, printJson, table } from '../output.ts'

export const add = (program: Command): void => {
  const clients = program
    .command('oauth')
    .description('signing in to services')
    .command('clients')
    .description("the operator's registrations with the providers of services")
  addList(clients)
  addSet(clients)
  addRemove(clients)
}

const addList = (clients: Command): void => {
  clients
    .command('list')
    .description('list them, and the address to register with each provider')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const listed = await withOperations(readConfig(), (operations) =>
        operations.listOAuthClients(),
      )
      if (json) return printJson(listed)
      const rows = listed.clients.map((row) => [
        row.service,
        row.clientId,
        row.hasSecret ? 'sealed' : 'none',
        row.updatedAt.slice(0, 10),
      ])
      print(table(['SERVICE', 'CLIENT ID', 'SECRET', 'CHANGED'], rows))
      print(`\nRedirect URI: ${listed.redirectUri}`)
    })
}

const addSet = (clients: Command): void => {
  clients
    .command('set')
    .argument('<service>')
    .description('enter a client; its secret comes by stdin, an empty one means that it has none')
    .requiredOption('--client-id <id>', 'as the provider gave it')
    .option('--json', 'print JSON')
    .action(async (service: string, { clientId, json }: { clientId: string; json?: boolean }) => {
      if (process.stdin.isTTY) note('Paste the client secret, then press Ctrl-D:')
      const clientSecret = (await text(process.stdin)).trim() || undefined
      const redirectUri = await withOperations(readConfig(), async (operations) => {
        await operations.setOAuthClient({ service, clientId, clientSecret })
        return (await operations.listOAuthClients()).redirectUri
      })
      if (json) return printJson({ service, clientId, hasSecret: clientSecret !== undefined })
      print(`Users sign in to ${service} as ${clientId}. Register this address with the provider:`)
      print(redirectUri)
    })
}

const addRemove = (clients: Command): void => {
  clients
    .command('remove')
    .argument('<service>')
    .description("forget a client; what it signed in can't be renewed any more")
    .option('--json', 'print JSON')
    .action(async (service: string, { json }: { json?: boolean }) => {
      await withOperations(readConfig(), (operations) => operations.removeOAuthClient(service))
      if (json) printJson({ service, removed: true })
      else print(`Removed the client for ${service}.`)
    })
}
