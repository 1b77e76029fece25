import { importDocument, type Imported } from '../../src/registry/openapi/import.ts'
import { parseDocument } from '../../src/registry/openapi/parse-document.ts'
import type { Service, Tool } from '../../src/model/service.ts'

type Options = Partial<Parameters<typeof importDocument>[1]>

/** Imports a text, or a document given as an object, as the command would. */
export const importText = async (
  document: string | object,
  options: Options = {},
): Promise<Imported & { config: Service }> => {
  const text = typeof document === 'string' ? document : JSON.stringify(document)
  const imported = importDocument(await parseDocument(Buffer.from(text)), {
    name: 'pets',
    port: 50_000,
    tags: [],
    maxTools: 200,
    source: 'pets.json',
    location: undefined,
    baseUrl: undefined,
    ...options,
  })
  return imported as unknown as Imported & { config: Service }
}

/** A document of OpenAPI 3.0 with these paths. */
export const openapi = (paths: object, more: object = {}): object => ({
  openapi: '3.0.3',
  info: { title: 'Pets', version: '1' },
  servers: [{ url: 'https://api.pets.dev/v1' }],
  paths,
  ...more,
})

/** The only tool that an operation becomes; `GET /pets` by default. */
export const toolOf = async (operation: object, path = '/pets', method = 'get'): Promise<Tool> => {
  const { config } = await importText(openapi({ [path]: { [method]: operation } }))
  const [tool] = config.tools
  if (!tool) throw new Error('no tool')
  return tool
}
