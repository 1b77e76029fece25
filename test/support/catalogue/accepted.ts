const SLACK_TOKEN = 'a Bearer token in Authorization takes its place'

/**
 * Where a config knowingly differs from the document that it names, with the reason; by `service what`. One that no tool
 * needs any more fails in test/catalogue.
 */
export const ACCEPTED: Readonly<Record<string, string>> = {
  'docusign host: {}.docusign.net, not www.docusign.net':
    'accounts live on hosts such as na3.docusign.net; the document names the one of old demo accounts',
  'gmail body: application/json is not among its types':
    'the document gives only the types of uploads; the resource itself is JSON',
  'googledrive body: application/json is not among its types':
    'the document gives only the types of uploads; metadata alone is JSON',
  'mailchimp host: {}.api.mailchimp.com, not server.api.mailchimp.com':
    'the document writes "server" for the data centre of the key',
  'openai body: "max_completion_tokens" is unknown': 'newer than the document',
  'sendgrid body: "content" is required': 'a dynamic template brings it',
  'sendgrid body: "subject" is required': 'a dynamic template brings it',
  'slack header: "token" is required': SLACK_TOKEN,
  'slack query: "token" is required': SLACK_TOKEN,
  'slack body: application/json is not among its types': 'Slack takes JSON from Bearer tokens',
  'slackbot header: "token" is required': SLACK_TOKEN,
  'slackbot query: "token" is required': SLACK_TOKEN,
  'slackbot body: "token" is required': SLACK_TOKEN,
  'twitter host: api.x.com, not api.twitter.com': 'renamed since',
  'xero no operation GET /connections': 'the document writes /Connections, the guide /connections',
}
