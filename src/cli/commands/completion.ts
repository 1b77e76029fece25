import { readdirSync } from 'node:fs'
import tab from '@bomb.sh/tab/commander'
import type { Command } from 'commander'
import { readConfig } from '../../base/config.ts'

/**
 * `berth completion <shell>` prints the script that a shell loads; that asks the hidden `berth complete -- <words>` at every
 * press of the key. It knows the commands that the program has by then.
 */
export const add = (program: Command): void => {
  const known = commandsBelow(program)
  const root = tab(program, { completionCommandName: 'completion' })
  for (const [path, command] of known) {
    const completed = root.commands.get(path)
    for (const { description, long, variadic } of command.options)
      if (long === '--service' && !variadic) completed?.option('service', description, sayServices)
    for (const argument of command.registeredArguments)
      if (/^services?$/.test(argument.name()))
        completed?.argument(argument.name(), sayServices, argument.variadic)
  }
}

const commandsBelow = (command: Command, path = ''): [string, Command][] =>
  command.commands.flatMap((one) => {
    const own = `${path}${one.name()}`
    return [[own, one], ...commandsBelow(one, `${own} `)]
  })

/** A service is what has a folder in the registry; loading all of them would take longer than a key press. */
const sayServices = (say: (value: string, description: string) => void): void => {
  try {
    const entries = readdirSync(readConfig().registryDir, { withFileTypes: true })
    for (const entry of entries) if (entry.isDirectory()) say(entry.name, '')
  } catch {
    // There is nothing to say then; the command itself will tell what is wrong.
  }
}
