import type { PortUser } from '../base/port-users.ts'

/**
 * Who listens on which port. One look at the kernel's tables serves all who asked before it began: when a whole host fails,
 * hundreds ask at once.
 */
export const createListeners = (find: () => readonly PortUser[]) => {
  let seenAt = -Infinity
  let seen: readonly PortUser[] = []
  return (port: number, notBefore: number): readonly PortUser[] => {
    if (seenAt < notBefore) {
      seenAt = performance.now()
      seen = find().filter(({ isListening }) => isListening)
    }
    return seen.filter((one) => one.port === port)
  }
}
