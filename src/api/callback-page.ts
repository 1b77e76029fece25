import { createHash } from 'node:crypto'
import type { SignedIn } from './oauth-needs.ts'

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:34em;margin:12vh auto;padding:0 1em;color:#222;background:#fff}' +
  'h1{font-size:1.4em}@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}}'

const hashOf = (text: string): string => createHash('sha256').update(text).digest('base64')

/** Nothing runs, loads, frames or is sent anywhere; the address, which held the code, goes nowhere as a referrer. */
export const PAGE_HEADERS = {
  'content-security-policy': `default-src 'none'; style-src 'sha256-${hashOf(STYLE)}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

/** What is said of a sign-in, and what to do now. */
type Said = { title: string; text: readonly string[] }

const AGAIN = 'Start again where you began; the link there is new.'

const SAID: Readonly<Record<SignedIn['kind'], (service: string) => Said>> = {
  done: (service) => ({
    title: `${service} is connected`,
    text: ['You can close this page and go back to where you began: your instance URL is there.'],
  }),
  denied: (service) => ({
    title: `${service} is not connected`,
    text: ['The access was not granted, and nothing was stored.', AGAIN],
  }),
  expired: (service) => ({
    title: 'This sign-in took too long',
    text: [`A link to sign in to ${service} is good for ten minutes. Nothing was stored.`, AGAIN],
  }),
  replayed: (service) => ({
    title: 'This sign-in was used already',
    text: [`Each link to sign in to ${service} works once. If it worked, there is nothing more to do here.`, `Otherwise: ${AGAIN}`],
  }),
  refused: (service) => ({
    title: `${service} does not accept its own token`,
    text: [`You signed in, but the API of ${service} refused the access that came of it, so nothing was stored. The account may lack a right or a plan.`, AGAIN],
  }),
  'mixed-up': (service) => ({
    title: 'This answer came from somewhere else',
    text: [`It says that it is from another provider than that of ${service}. Nothing was sent on and nothing was stored.`, `${AGAIN} If it happens again, tell your operator.`],
  }),
  failed: (service) => ({
    title: `${service} is not connected`,
    text: ['The provider did not complete the sign-in, and nothing was stored.', `${AGAIN} If it happens again, tell your operator.`],
  }),
  unknown: () => ({
    title: 'There is no such sign-in',
    text: ['This address is where a provider sends people back to. It was opened without a sign-in that is under way here.', AGAIN],
  }),
} // prettier-ignore

/** A plain page: it holds no secret, and whatever a provider said is text in it. */
export const callbackPage = (
  signedIn: SignedIn,
  { service, email }: { service: string; email: string | undefined },
): string => {
  const { title, text } = SAID[signedIn.kind](service)
  const whose = email === undefined ? [] : [`This is about the account ${email}.`]
  const reason = 'reason' in signedIn ? [`What was said: ${signedIn.reason}`] : [] // prettier-ignore
  const paragraphs = [...text, ...reason, ...whose].map((line) => `<p>${escape(line)}</p>`)
  return (
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escape(title)}</title>` +
    `<meta name="viewport" content="width=device-width"><meta name="robots" content="noindex"><style>${STYLE}</style></head>` +
    `<body><h1>${escape(title)}</h1>${paragraphs.join('')}</body></html>`
  )
}

const ESCAPED: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' } // prettier-ignore

const escape = (text: string): string => text.replace(/[&<>"']/g, (found) => ESCAPED[found] ?? '')
