import { Router } from 'express'
import { AppError } from '../../base/errors.ts'
import type { Route } from './route.ts'

/** For what a path is not there for: 405 with `Allow` (RFC 9110 §15.5.6). Paths without a name in them go first. */
export const refuseOtherMethods = (routes: readonly Route[]): Router => {
  const router = Router({ caseSensitive: true })
  const paths = [...new Set(routes.map(({ path }) => path))]
  for (const path of paths.sort((a, b) => Number(a.includes(':')) - Number(b.includes(':')))) {
    const allow = methodsOf(routes.filter((route) => route.path === path))
    router.all(path, (request, response) => {
      response.set('allow', allow.join(', '))
      throw new AppError(
        'method_not_allowed',
        `${request.path} takes ${allow.join(', ')}, not ${request.method}.`,
      )
    })
  }
  return router
}

const methodsOf = (routes: readonly Route[]): string[] =>
  routes.flatMap(({ method }) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]))
