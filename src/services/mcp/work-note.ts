import { openSync, writeSync } from 'node:fs'
import type { Upstream } from './upstream.ts'

/** Above the longest name of a service; a note is written over the one before it. */
const NOTE_BYTES = 256

export type WorkNote = {
  /** A request for a service begins. */
  begin: (service: string) => void
  end: () => void
  /** Work for a service goes on after it waited. */
  resume: (service: string) => void
}

/**
 * Notes for which service this process works, in a file: an endless loop or a heap that is full leaves no time to tell
 * it afterwards. Written where work begins and where it goes on with an answer, so the last name is of what runs now.
 *
 * @param file none: nothing is noted
 */
export const createWorkNote = (file: string | undefined): WorkNote => {
  const descriptor = open(file)
  let noted = ''
  let underWay = 0
  const write = (service: string): void => {
    if (descriptor === undefined || service === noted) return
    noted = service
    try {
      writeSync(descriptor, service.padEnd(NOTE_BYTES), 0)
    } catch {
      // a full disk must not end the request
    }
  }
  return {
    begin: (service) => {
      underWay += 1
      write(service)
    },
    end: () => {
      underWay -= 1
      if (underWay === 0) write('')
    },
    resume: write,
  }
}

const open = (file: string | undefined): number | undefined => {
  try {
    return file === undefined ? undefined : openSync(file, 'w', 0o600)
  } catch {
    return undefined
  }
}

/** The way out, noting for whom work goes on when an answer is there. */
export const noteAnswers = (upstream: Upstream, note: WorkNote): Upstream => ({
  ...upstream,
  send: async (service, request, signal) => {
    const answer = await upstream.send(service, request, signal)
    note.resume(service.name)
    return answer
  },
})
