/** Tool calls of one service in one process. */
export type CallFigures = { calls: number; errors: number }
