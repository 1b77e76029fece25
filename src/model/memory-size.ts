const UNIT = { K: 1024, M: 1024 ** 2, G: 1024 ** 3 } as const

/** Bytes of a size in PM2's notation, `150M`; nothing is 0. */
export const bytesOf = (size: string | undefined): number =>
  size === undefined ? 0 : Number.parseInt(size, 10) * UNIT[size.slice(-1) as keyof typeof UNIT]
