import { redactText } from '../base/redact.ts'
import { error, ok, someOf, warning, type Verdict } from './finding.ts'
import { findPortUsers, type PortUser } from '../base/port-users.ts'

export type HeldPortsNeeds = {
  /** Who shall have which port: services, and the daemon. */
  ports: ReadonlyMap<number, string>
  /** The processes of this home. */
  ours: () => Promise<ReadonlySet<number>>
}

/** Whether somebody else has a port of ours: a listener, or an outgoing connection on a port where nobody listens. */
export const checkHeldPorts = async ({ ports, ours }: HeldPortsNeeds): Promise<Verdict[]> => {
  const known = await ours()
  const isOurs = ({ pid }: PortUser) => pid !== undefined && (known.has(pid) || pid === process.pid)
  const users = findPortUsers(new Set(ports.keys())).sort((a, b) => a.port - b.port)
  const listened = new Set(users.filter(({ isListening }) => isListening).map(({ port }) => port))
  const held = users.filter((user) => user.isListening && !isOurs(user))
  const inTheWay = users.filter(({ port, pid }) => !listened.has(port) && pid !== process.pid)
  const verdicts = [
    ...byHolder(held).map((group) => heldBy(group, ports)),
    ...byHolder(inTheWay).map(connectedBy),
  ]
  if (verdicts.length > 0) return verdicts
  return [ok(`no stranger on the ${ports.size} ports of the fleet; ${listened.size} are in use`)]
}

/** One process may hold many ports: another fleet's host, for one. */
const byHolder = (users: readonly PortUser[]): (readonly [PortUser, ...PortUser[]])[] => {
  const groups = new Map<string, [PortUser, ...PortUser[]]>()
  for (const user of users) {
    const key = user.pid === undefined ? `uid ${user.uid}` : `pid ${user.pid}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [user])
    else if (group.every(({ port }) => port !== user.port)) group.push(user)
  }
  return [...groups.values()]
}

const heldBy = (
  group: readonly [PortUser, ...PortUser[]],
  names: ReadonlyMap<number, string>,
): Verdict => {
  const [{ pid, port }] = group
  const said = someOf(group.map((user) => `${user.port} (${names.get(user.port) ?? '?'})`))
  return error({
    what: `${group.length === 1 ? 'port' : 'ports'} ${said} held by ${nameOf(group[0])}`,
    why: 'what belongs there cannot start; it is tried again each second',
    fix: pid === undefined ? `sudo ss -ltnp 'sport = :${port}'` : `kill ${pid}`,
  })
}

const connectedBy = (group: readonly [PortUser, ...PortUser[]]): Verdict =>
  warning({
    what: `${group.length === 1 ? 'port' : 'ports'} ${someOf(group.map(({ port }) => port))} taken by a connection of ${nameOf(group[0])}`,
    why: 'the kernel gave a port of the fleet to a connection; a service cannot listen there until it ends',
    fix: 'berth doctor --fix',
  })

const MAX_COMMAND = 100

const nameOf = ({ pid, uid, command }: PortUser): string =>
  pid === undefined
    ? `a process of uid ${uid} that you may not look into`
    : `pid ${pid}: ${redactText(command.replace(/\s+/g, ' ')).slice(0, MAX_COMMAND)}`
