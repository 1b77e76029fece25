import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Every regular file below a folder. */
export const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))

/** The files below a folder that hold a text, byte for byte. */
export const filesWith = (folder: string, text: string): string[] =>
  filesBelow(folder).filter((file) => readFileSync(file).includes(text))
