/** A value that is there now, or comes later: where it mostly is there, a promise for it would be most of the work. */
export type Soon<T> = T | Promise<T>

/** Goes on with a value, at once when it is there. Throws what `use` throws then; otherwise the promise is rejected. */
export const whenThere = <T, R>(value: Soon<T>, use: (value: T) => Soon<R>): Soon<R> =>
  value instanceof Promise ? value.then(use) : use(value)

/** Makes another error of the one that a value ends in, now or later. */
export const orThrow = <T>(make: () => Soon<T>, errorFor: (error: unknown) => unknown): Soon<T> => {
  const rethrow = (error: unknown): never => {
    throw errorFor(error)
  }
  try {
    const value = make()
    return value instanceof Promise ? value.catch(rethrow) : value
  } catch (error) {
    return rethrow(error)
  }
}
