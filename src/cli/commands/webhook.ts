import type { Command } from 'commander'
import { readConfig } from '../../base/config.ts'
import type { DeadLetter, Delivery, WebhookView } from '../../model/webhook.ts'
import { requireDaemon } from '../daemon-client.ts'
import { green, print, printJson, printSecret, red, table } from '../output.ts'
import { EXIT } from '../run.ts'

const PATH = '/api/v1/admin/webhooks'
const at = (id: string) => `${PATH}/${encodeURIComponent(id)}`

type Json = { json?: boolean }
type AddOptions = Json & { type?: string; service?: string; allowPrivate?: boolean }

export const add = (program: Command): void => {
  const webhook = program.command('webhook').description('addresses to which events are sent')
  webhook
    .command('add')
    .description('send events there from now on; the secret that signs them is shown once')
    .argument('<url>')
    .option('--type <types>', 'beginnings of types, such as service.,key.invalid; all by default')
    .option('--service <service>', 'of one service')
    .option('--allow-private', 'the address may be a private one')
    .option('--json', 'print JSON')
    .action(async (url: string, { type, service, allowPrivate, json }: AddOptions) => {
      const types = type?.split(',').filter(Boolean) ?? []
      const wanted = { url, types, service: service ?? null, allowPrivate: allowPrivate ?? false }
      const daemon = await requireDaemon(readConfig())
      const made = await daemon.post<{ id: string; secret: string }>(PATH, wanted)
      if (json) printJson(made)
      else printSecret(made.secret, `Webhook ${made.id}. The secret is shown this once.`)
    })
  addList(webhook)
  addOfOne(webhook)
}

const HEAD = ['ID', 'TARGET', 'STATE', 'WAITING', 'DEAD', 'FAILURE']

const addList = (webhook: Command): void => {
  webhook
    .command('list')
    .description('the webhooks, and how they do')
    .option('--json', 'print JSON')
    .action(async ({ json }: Json) => {
      const daemon = await requireDaemon(readConfig())
      const { webhooks } = await daemon.get<{ webhooks: WebhookView[] }>(PATH)
      if (json) printJson({ webhooks })
      else print(table(HEAD, webhooks.map(toCells)))
    })
}

const addOfOne = (webhook: Command): void => {
  webhook
    .command('remove')
    .description('send nothing there any more')
    .argument('<id>')
    .action(async (id: string) => {
      await (await requireDaemon(readConfig())).delete(at(id))
      print(`Removed ${id}.`)
    })
  webhook
    .command('test')
    .description('send one message now; exit 1 when it is not taken')
    .argument('<id>')
    .option('--json', 'print JSON')
    .action(async (id: string, { json }: Json) => {
      const delivery = await (await requireDaemon(readConfig())).post<Delivery>(`${at(id)}/test`, {}) // prettier-ignore
      const isDelivered = delivery.outcome === 'delivered'
      if (!isDelivered) process.exitCode = EXIT.failed
      if (json) printJson(delivery)
      else print(isDelivered ? green('It was taken.') : red(`It was not taken: ${'reason' in delivery ? delivery.reason : 'it answered 410'}.`)) // prettier-ignore
    })
  webhook
    .command('dead')
    .description('the newest events that were not taken')
    .argument('<id>')
    .option('--json', 'print JSON')
    .action(async (id: string, { json }: Json) => {
      const daemon = await requireDaemon(readConfig())
      const answer = await daemon.get<{ deadLetters: DeadLetter[] }>(`${at(id)}/dead`)
      if (json) return printJson(answer)
      const rows = answer.deadLetters.map((one) => [String(one.eventId), one.at, one.reason])
      print(table(['EVENT', 'AT', 'REASON'], rows))
    })
}

const toCells = (one: WebhookView): string[] => [
  one.id,
  one.origin,
  one.state,
  String(one.waiting),
  String(one.deadLetters),
  one.failure ?? '',
]
