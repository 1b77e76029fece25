import type { Command } from 'commander'
import { addServiceAction } from '../service-action.ts'

export const add = (program: Command): void =>
  addServiceAction(program, {
    verb: 'restart',
    description:
      'restart services: a packed one is swapped in place, a dedicated one gets a new process',
    done: 'Restarted',
  })
