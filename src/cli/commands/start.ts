import type { Command } from 'commander'
import { addServiceAction } from '../service-action.ts'

export const add = (program: Command): void =>
  addServiceAction(program, {
    verb: 'start',
    description: 'put stopped services back into service',
    done: 'Started',
  })
