import { createLineLog } from '../../base/log.ts'
import { createWorkers } from './workers.ts'

/**
 * Runs one program as several processes that share its port: `main.js COUNT MAX_BYTES PROGRAM`. One entry for PM2, in fork
 * mode: PM2's own cluster mode would hold the port in its daemon, and give its daemon's environment to the program.
 */
const [count = '1', maxBytes = '0', program = ''] = process.argv.slice(2)
// A killed PM2 leaves a closed pipe behind; a line that is lost must not end the service.
process.stdout.on('error', () => undefined)
const workers = createWorkers({
  program,
  count: Number(count),
  maxBytes: Number(maxBytes),
  log: createLineLog('cluster'),
  onEnd: (code) => process.exit(code),
})
process.once('SIGINT', workers.stop)
process.once('SIGTERM', workers.stop)
workers.start()
