import assert from 'node:assert/strict'
import { createExitWatch } from '../../src/supervisor/exits.ts'

const seen = (pmId: number, restarts: number, exitCode?: number, name = `mcp-${pmId}`) => ({
  pmId,
  name,
  restarts,
  exitCode,
})

const setUp = (cause?: string) => {
  const asked: string[] = []
  const watch = createExitWatch(
    (host) => {
      asked.push(host)
      return { cause, culprit: 'figma', lines: ['the end'] }
    },
    () => 1_000,
  )
  return { watch, asked }
}

describe('the watch over ends of processes', () => {
  it('tells nothing of the first look: what it adopts may have restarted long ago', () => {
    const { watch, asked } = setUp()
    assert.deepEqual(watch([seen(1, 40)]), [])
    assert.deepEqual(watch([seen(1, 40), seen(2, 3)]), [], 'nor of what was started since')
    assert.deepEqual(asked, [])
  })

  it('tells each end once, with its cause, its culprit and its last lines', () => {
    const { watch, asked } = setUp('SIGKILL')
    watch([seen(1, 0), seen(2, 5)])
    const exit = {
      at: 1_000,
      host: 'mcp-1',
      cause: 'SIGKILL',
      culprit: 'figma',
      lines: ['the end'],
    }
    assert.deepEqual(watch([seen(1, 2), seen(2, 5)]), [exit, exit])
    assert.deepEqual(watch([seen(1, 2), seen(2, 5)]), [])
    assert.deepEqual(asked, ['mcp-1'])
  })

  it('names the exit code that PM2 has when nothing else is known', () => {
    const { watch } = setUp()
    watch([seen(1, 0), seen(2, 0), seen(3, 0)])
    const causes = watch([seen(1, 1, 7), seen(2, 1, 0), seen(3, 1)]).map(({ cause }) => cause)
    assert.deepEqual(causes, ['exit 7', 'exit 0', 'exit ?'])
  })

  it('counts a process that was replaced anew, under a new id or by a PM2 that counts from zero', () => {
    const { watch } = setUp()
    watch([seen(1, 9)])
    assert.deepEqual(watch([seen(4, 0, 0, 'mcp-1')]), [])
    assert.equal(watch([seen(4, 1, 0, 'mcp-1')]).length, 1)
    assert.deepEqual(watch([seen(4, 0, 0, 'mcp-1')]), [])
    assert.equal(watch([seen(4, 1, 0, 'mcp-1')]).length, 1)
  })

  it('bounds what one look can tell', () => {
    const { watch } = setUp()
    watch([seen(1, 0)])
    assert.equal(watch([seen(1, 1_000_000)]).length, 20)
  })
})
