import { AppError } from '../../base/errors.ts'
import type { Credentials } from '../../model/host-credentials.ts'
import { fillTemplate, templatePlaceholders } from '../../model/placeholder.ts'
import type { Service } from '../../model/service.ts'
import type { Arguments } from './arguments.ts'
import type { ToolPlan } from './tool-plan.ts'
import { asText } from './body-template.ts'

/** The arguments, and fields of the credentials that the tool's endpoint, body or headers name beside its parameters. */
export const withFields = (
  service: Service,
  { borrowed }: ToolPlan,
  { args, credentials }: { args: Arguments; credentials: Credentials },
): Arguments => {
  if (borrowed.length === 0) return args
  const fields = service.auth.fields.map(({ name }) => name)
  const given = borrowed.filter((name) => args[name] === undefined && fields.includes(name))
  const filled = Object.assign(Object.create(null) as Record<string, unknown>, args)
  for (const name of given) filled[name] = credentials[name]
  return filled
}

/**
 * A constant header with `{{name}}`s in it; undefined when one has no value.
 * @throws AppError `invalid_request` when a value does not fit into a header
 */
export const fillHeader = (name: string, template: string, args: Arguments): string | undefined => {
  if (templatePlaceholders(template).some((one) => args[one] === undefined)) return undefined
  const value = fillTemplate(template, (one) => asText(args[one]).trim())
  if (/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) return value
  throw new AppError('invalid_request', `A value has a character that the header ${name} cannot carry.`) // prettier-ignore
}
