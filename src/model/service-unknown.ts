import { AppError } from '../base/errors.ts'
import { nearest } from './nearest.ts'

/** Names that no service has, with what was probably meant. */
export const serviceUnknown = (names: readonly string[], known: readonly string[]): AppError => {
  const said = names.map((name) => {
    const near = nearest(name, known)
    return near === undefined ? `"${name.slice(0, 100)}"` : `"${name}" (did you mean ${near}?)`
  })
  return new AppError('service_unknown', `There is no service ${said.join(', ')}.`)
}
