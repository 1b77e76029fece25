import { Argument, InvalidArgumentError, type Command } from 'commander'
import { z } from 'zod'
import { readConfig } from '../../base/config.ts'
import { AppError } from '../../base/errors.ts'
import { ROLES, type Role, type User } from '../../model/account.ts'
import type { Operations } from '../account-operations.ts'
import { withOperations } from '../operations.ts'
import { count, print, printJson, table } from '../output.ts'

type Options = { json?: boolean }
type IdentityOptions = Options & { issuer: string; subject: string }

/** Checked here too: without a daemon no route checks it. */
const parseEmail = (text: string): string => {
  if (z.email().max(320).safeParse(text).success) return text
  throw new InvalidArgumentError('It is not an email address.')
}

const parseLimit = (text: string): number | null => {
  if (text === 'none') return null
  const limit = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (Number.isInteger(limit)) return limit
  throw new InvalidArgumentError('Write a number, or none.')
}

const run = <T>(work: (operations: Operations) => Promise<T>): Promise<T> =>
  withOperations(readConfig(), work)

export const add = (program: Command): void => {
  const user = program.command('user').description('the people who use the fleet')
  addAdd(user)
  addList(user)
  addRemove(user)
  addRole(user)
  addLimit(user)
  addIdentities(user)
}

const addAdd = (user: Command): void => {
  user
    .command('add')
    .argument('<email>', 'what the user is called by in other commands', parseEmail)
    .description('add a user')
    .option('--json', 'print JSON')
    .action(async (email: string, options: Options) => {
      const added = await run((operations) => operations.addUser(email))
      if (options.json) printJson(added)
      else
        print(`Added ${added.email} (${added.id}).\nNext: berth token create --user ${added.email}`)
    })
}

const addList = (user: Command): void => {
  user
    .command('list')
    .description('list the users')
    .option('--json', 'print JSON')
    .action(async (options: Options) => {
      const users = await run((operations) => operations.listUsers())
      if (options.json) return printJson({ users })
      print(table(['EMAIL', 'ROLE', 'INSTANCES', 'ID'], users.map(toRow)))
    })
}

const toRow = ({ email, role, instances, maxInstances, id }: User): string[] => [
  email,
  role,
  maxInstances === null ? String(instances) : `${instances} of ${maxInstances}`,
  id,
]

const addRemove = (user: Command): void => {
  user
    .command('remove')
    .argument('<email>', 'whom', parseEmail)
    .description('remove a user; their keys are wiped, their URLs and tokens end at once')
    .option('--yes', 'do it: there is no way back')
    .option('--json', 'print JSON')
    .action(async (email: string, options: Options & { yes?: boolean }) => {
      if (!options.yes)
        throw new AppError(
          'invalid_request',
          `This wipes every key of ${email}, and there is no way back. If you mean it: berth user remove ${email} --yes`,
        )
      await run((operations) => operations.removeUser(email))
      if (options.json) printJson({ email, removed: true })
      else print(`Removed ${email}; their keys are wiped.`)
    })
}

const addRole = (user: Command): void => {
  user
    .command('role')
    .argument('<email>', 'whose', parseEmail)
    .addArgument(new Argument('<role>', 'operators see the fleet, admins do all').choices(ROLES))
    .description('say what a user may do with a token of the scope admin')
    .option('--json', 'print JSON')
    .action(async (email: string, role: Role, options: Options) => {
      const changed = await run((operations) => operations.changeUser(email, { role }))
      if (options.json) printJson(changed)
      else print(`${email} has the role ${role} now.`)
    })
}

const addLimit = (user: Command): void => {
  user
    .command('limit')
    .argument('<email>', 'whose', parseEmail)
    .argument('<instances>', 'how many they may have, or none for no limit', parseLimit)
    .description('limit how many instances a user may have')
    .option('--json', 'print JSON')
    .action(async (email: string, maxInstances: number | null, options: Options) => {
      const changed = await run((operations) => operations.changeUser(email, { maxInstances }))
      if (options.json) return printJson(changed)
      const limit = maxInstances === null ? 'any number of instances' : count(maxInstances, 'instance') // prettier-ignore
      print(`${email} may have ${limit}, and has ${changed.instances}.`)
    })
}

const withIdentity = (command: Command): Command =>
  command
    .argument('<email>', 'whose', parseEmail)
    .requiredOption('--subject <sub>', "the JWT's sub")
    .option('--issuer <iss>', "the JWT's iss, exactly", '')
    .option('--json', 'print JSON')

const addIdentities = (user: Command): void => {
  withIdentity(
    user.command('link').description("let JWTs of your web app's user stand for this user"),
  ).action(async (email: string, { issuer, subject, json }: IdentityOptions) => {
    await run((operations) => operations.linkIdentity(email, { issuer, subject }))
    if (json) printJson({ email, issuer, subject, linked: true })
    else print(`${subject} of ${issuer || 'no issuer'} stands for ${email} now.`)
  })
  withIdentity(
    user.command('unlink').description('let these JWTs no longer stand for this user'),
  ).action(async (email: string, { issuer, subject, json }: IdentityOptions) => {
    await run((operations) => operations.unlinkIdentity(email, { issuer, subject }))
    if (json) printJson({ email, issuer, subject, linked: false })
    else print(`${subject} no longer stands for ${email}.`)
  })
}
