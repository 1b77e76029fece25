import assert from 'node:assert/strict'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import type { Answer } from './http.ts'

type Content = Record<string, { schema: object } | undefined>
export type Schema = { properties?: Record<string, unknown>; required?: string[] }
export type Parameter = { name: string; in: string; required?: boolean }
export type Operation = {
  operationId: string
  security: unknown[]
  parameters?: Parameter[]
  requestBody?: { content?: Record<string, { schema?: Schema } | undefined> }
  responses: Record<string, { content?: Content } | undefined>
}
export type Document = {
  openapi: string
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, object> }
}

/** Checks answers against the OpenAPI document that the server itself gives. */
export const createContract = (document: Document) => {
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  formats.default(ajv)
  ajv.addSchema({ ...document, $id: 'api' })
  const validators = new Map<string, ValidateFunction>()
  const validatorAt = (pointer: string): ValidateFunction => {
    const known = validators.get(pointer)
    const validator = known ?? ajv.compile({ $ref: `api#${pointer}` })
    validators.set(pointer, validator)
    return validator
  }
  const seen = new Set<string>()
  const paths = Object.keys(document.paths).map((path) => ({
    path,
    form: new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`),
  }))
  return {
    /** `operation status` of every answer that was checked. */
    seen,
    check: (method: string, url: string, answer: Answer): void => {
      const [path = ''] = url.split('?')
      const found = paths.filter(({ form }) => form.test(path))
      const exact = found.find((one) => one.path === path) ?? found[0]
      const operations: Record<string, Operation | undefined> =
        document.paths[exact?.path ?? ''] ?? {}
      const operation = operations[method.toLowerCase()]
      if (!operation || !exact) return
      const what = `${method} ${url.slice(0, 200)} → ${answer.status}`
      const documented = operation.responses[String(answer.status)]
      // A path that cannot be decoded reaches no route.
      if (!documented && answer.status === 404 && path.includes('%')) return
      assert.ok(documented, `${what} is not in the document`)
      seen.add(`${operation.operationId} ${answer.status}`)
      const type = Object.keys(documented.content ?? {})[0]
      if (type === undefined) {
        assert.equal(answer.text, '', `${what} has a body`)
        return
      }
      const given = String(answer.headers['content-type']).split(';')[0]
      assert.equal(given, type, what)
      if (type !== 'application/json') return
      const key = (text: string) => text.replaceAll('~', '~0').replaceAll('/', '~1')
      const pointer = ['paths', exact.path, method.toLowerCase(), 'responses', String(answer.status), 'content', type, 'schema'] // prettier-ignore
      const validate = validatorAt(`/${pointer.map((part) => encodeURIComponent(key(part))).join('/')}`) // prettier-ignore
      assert.ok(validate(answer.body), `${what}: ${ajv.errorsText(validate.errors)}`)
    },
  }
}

export type Contract = ReturnType<typeof createContract>
