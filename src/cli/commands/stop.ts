import type { Command } from 'commander'
import { addServiceAction } from '../service-action.ts'

export const add = (program: Command): void =>
  addServiceAction(program, {
    verb: 'stop',
    description: 'take services out of service, until berth start',
    done: 'Stopped',
  })
