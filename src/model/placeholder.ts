/** The names in `{single}` braces: parameters of an endpoint, fields of a base URL. */
export const pathPlaceholders = (text: string): string[] =>
  [...text.matchAll(/(?<!\{)\{([A-Za-z_$][\w.$-]*)\}(?!\})/g)].map((match) => match[1] ?? '')

const TEMPLATE = /\{\{\s*([^{}\s"]+)\s*\}\}/g

/** The names in `{{double}}` braces: credential fields in `inject`, parameters in a body template. */
export const templatePlaceholders = (text: string): string[] =>
  [...text.matchAll(TEMPLATE)].map((match) => match[1] ?? '')

/** Fills `{{name}}`s; what `valueOf` does not know becomes empty. */
export const fillTemplate = (
  template: string,
  valueOf: (name: string) => string | undefined,
): string => template.replace(TEMPLATE, (_all, name: string) => valueOf(name) ?? '')
