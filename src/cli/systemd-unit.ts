/** What the unit says besides what is always the same. */
export type UnitParts = {
  user: string
  nodePath: string
  /** `dist/cli/main.js` of this installation. */
  program: string
  /** Settings; without secrets. */
  environment: Readonly<Record<string, string>>
  /** Folders that the fleet writes to. */
  writes: readonly string[]
}

/**
 * `berth up` gives up after 90 s, `berth down` needs about 20 s; both have some room on top. Exit code 1 of `up` says that
 * something did not come up in time: PM2 goes on trying, so what runs shall stay. A wrong setting (2) and a refusal (3)
 * fail the unit.
 */
export const unitText = (parts: UnitParts): string => {
  const run = (verb: string) => [parts.nodePath, parts.program, verb].map(quoteArgument).join(' ')
  const settings = Object.entries(parts.environment).map(
    ([name, value]) => `Environment=${quote(`${name}=${value}`)}`,
  )
  return `[Unit]
Description=Berth: one shared fleet of services under PM2
Wants=network-online.target
After=network-online.target postgresql.service

[Service]
Type=oneshot
RemainAfterExit=yes
User=${parts.user}
ExecStart=${run('up')}
ExecStop=${run('down')}
${settings.join('\n')}
# 1: some services did not answer in time. PM2 goes on with them; the others shall not be killed for it.
SuccessExitStatus=1
# Whatever "down" leaves, a process that PM2 has lost too, ends with the unit.
KillMode=control-group
TimeoutStartSec=120
TimeoutStopSec=45
LimitNOFILE=65536
UMask=0077
NoNewPrivileges=true
ProtectSystem=full
PrivateTmp=false
${parts.writes.filter(isProtected).map(writable).join('')}
[Install]
WantedBy=multi-user.target
`
}

/** What `ProtectSystem=full` makes read-only. */
const isProtected = (folder: string): boolean => /^\/(usr|etc|boot|efi)\//.test(folder)

/** The minus: no failure where the folder is not there yet. */
const writable = (folder: string): string => `ReadWritePaths=${quote(`-${folder}`)}\n`

/** systemd.syntax(7): C-style escapes within quotes; `%` begins a specifier everywhere. */
const quote = (text: string): string => {
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('\n', '\\n')
    .replaceAll('%', '%%')
  return `"${escaped}"`
}

/** In a command line, and only there, `$` begins a variable. */
const quoteArgument = (text: string): string =>
  /^[\w@+=:,./-]+$/.test(text) ? text : quote(text).replaceAll('$', '$$$$')
