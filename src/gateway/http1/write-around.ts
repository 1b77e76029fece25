import type { Socket } from 'node:net'

/** Up to this size bytes go out as one text with what is around them: one write, and no list of buffers. */
const SMALL = 16 * 1024

/**
 * Writes bytes between two texts, each character a byte, with as few writes as is cheap.
 *
 * @returns whether the connection takes more
 */
export const writeAround = (
  socket: Socket,
  bytes: Buffer,
  [before, after]: readonly [before: string, after: string],
): boolean => {
  if (bytes.length <= SMALL)
    return socket.write(before + bytes.toString('latin1') + after, 'latin1')
  if (before !== '') socket.write(before, 'latin1')
  const takesMore = socket.write(bytes)
  return after === '' ? takesMore : socket.write(after, 'latin1')
}
