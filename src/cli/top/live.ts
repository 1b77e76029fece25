import { setTimeout as delay } from 'node:timers/promises'
import { messageOf } from '../../base/errors.ts'
import type { FleetStatus } from '../../model/fleet.ts'
import type { LiveTraffic } from '../../model/live-traffic.ts'
import type { Client } from '../client.ts'
import { pressKey } from './keys.ts'
import { toRows } from './rows.ts'
import { openScreen } from './screen.ts'
import { START } from './selection.ts'
import { extentOf, renderTop, type Shown } from './view.ts'

/** Rates are those of so many looks: fewer would make a service with little traffic flicker. */
const LOOKS = 10
const SNAPSHOT_MS = 1_000

const look = async (daemon: Client) => {
  const [status, traffic] = await Promise.all([
    daemon.get<FleetStatus>('/api/v1/admin/fleet'),
    daemon.get<LiveTraffic>('/api/v1/admin/traffic'),
  ])
  return { status, traffic }
}

/** The fleet as it is now; rates are those of a second. */
export const takeSnapshot = async (daemon: Client): Promise<Shown> => {
  const before = await daemon.get<LiveTraffic>('/api/v1/admin/traffic')
  await delay(SNAPSHOT_MS)
  const { status, traffic } = await look(daemon)
  return { status, rows: toRows(status, before, traffic), at: new Date(traffic.at) }
}

/** Shows the fleet on the terminal until somebody quits. A daemon that does not answer is asked again. */
export const showLive = async (daemon: Client, intervalMs: number): Promise<void> => {
  const looks: LiveTraffic[] = []
  let shown = await takeSnapshot(daemon)
  let selection = START
  const quitting = new AbortController()
  const draw = () => screen.draw(renderTop(shown, selection, screen.size()))
  const screen = openScreen({
    onKey: (key) => {
      const pressed = pressKey(selection, key, extentOf(shown, selection, screen.size()))
      if (pressed === 'quit') return quitting.abort()
      selection = pressed
      draw()
    },
    onResize: draw,
  })
  const refresh = async (): Promise<void> => {
    try {
      const { status, traffic } = await look(daemon)
      looks.push(traffic)
      if (looks.length > LOOKS) looks.shift()
      const rows = looks[0] && looks.length > 1 ? toRows(status, looks[0], traffic) : shown.rows
      shown = { status, rows, at: new Date(traffic.at) }
    } catch (error) {
      shown = { ...shown, at: new Date(), problem: messageOf(error) }
    }
  }
  for (;;) {
    draw()
    const pause = delay(intervalMs, undefined, { signal: quitting.signal })
    const hasQuit = await pause.then(() => false, () => true) // prettier-ignore
    if (hasQuit) break
    await refresh()
  }
  screen.close()
}
