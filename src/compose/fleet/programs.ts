import { join } from 'node:path'
import type { Config } from '../../base/config.ts'
import { commandOf, findProcessesWith, hasVariable } from '../../base/proc.ts'
import { GATEWAY_APP } from '../../model/fleet.ts'

const PROGRAMS = ['dist/main.js', 'dist/services/']

/**
 * Pids of the fleet's programs that were started for this home, whoever runs them. A gateway is of the fleet when PM2 runs
 * it, which gives its name to what it starts; another may be an operator's own.
 */
export const findFleetPrograms = ({ packageRoot, home }: Config): number[] =>
  findProcessesWith('BERTH_HOME', home.root).filter(
    (pid) =>
      PROGRAMS.some((program) => commandOf(pid).includes(join(packageRoot, program))) ||
      hasVariable(pid, 'name', GATEWAY_APP),
  )
