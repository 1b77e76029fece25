import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { build } from 'esbuild'
import type { Target } from './client.ts'

export type WayName = 'direct' | 'http-proxy' | 'nginx' | 'berth'

export type Place = { folder: string; port: number; upstreamPort: number; databaseUrl: string }

/** A way to the upstream that runs. */
export type Running = {
  name: WayName
  title: string
  target: Target
  /** Undefined: nothing stands between. */
  pid: number | undefined
}

/** Berth's gateway that runs, with a database of its own. */
export type Bench = {
  databaseUrl: string
  env: Readonly<Record<string, string>>
  /** An instance that works. */
  target: Target
  pid: number
  /** Another gateway, with a database of its own. */
  startAnother: () => Promise<Bench>
}

const children = new Set<ChildProcess>()

/** Ends what was started. */
export const endAll = async (): Promise<void> => {
  const ends = [...children].map((child) => {
    child.kill('SIGTERM')
    const isOver = child.exitCode !== null || child.signalCode !== null
    return isOver ? Promise.resolve() : once(child, 'exit')
  })
  await Promise.all(ends)
}

const keep = (child: ChildProcess): ChildProcess => {
  children.add(child)
  child.once('exit', () => children.delete(child))
  return child
}

const BUILT = join(import.meta.dirname, '../../../dist/bench/gateway')

/** Builds the programs as the product is built: the loader that runs this file adds work to every closure. */
export const buildPrograms = (): Promise<unknown> =>
  build({
    entryPoints: ['upstream', 'http-proxy', 'berth'].map((name) =>
      join(import.meta.dirname, 'programs', `${name}.ts`),
    ),
    outdir: BUILT,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
  })

const run = (name: string, args: readonly number[], env: Record<string, string> = {}) =>
  keep(
    spawn(process.execPath, ['--expose-gc', join(BUILT, `${name}.js`), ...args.map(String)], {
      env: { PATH: process.env['PATH'] ?? '', NODE_ENV: 'production', ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    }),
  )

const START_MS = 30_000

const whenListening = async (port: number): Promise<void> => {
  const until = Date.now() + START_MS
  while (!(await isListening(port))) {
    if (Date.now() > until) throw new Error(`nobody listens on port ${port}`)
    await delay(25)
  }
}

const isListening = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    socket.once('connect', () => socket.destroy())
    socket.once('error', () => undefined)
    socket.once('close', (hadError) => resolve(!hadError))
  })

export const startDirect = async ({ upstreamPort }: Place): Promise<Running> => {
  run('upstream', [upstreamPort])
  await whenListening(upstreamPort)
  return { name: 'direct', title: 'nothing between', target: { port: upstreamPort, path: '/mcp' }, pid: undefined } // prettier-ignore
}

export const startHttpProxy = async ({ port, upstreamPort }: Place): Promise<Running> => {
  const { pid } = run('http-proxy', [port, upstreamPort])
  await whenListening(port)
  return { name: 'http-proxy', title: 'bare http-proxy, keep-alive agent', target: { port, path: '/mcp' }, pid } // prettier-ignore
}

/** The bench says of itself for whom it sends: each request of some measurements comes from another address. */
export const berthEnvironment = ({ folder, port, databaseUrl }: Place): Record<string, string> => ({
  HOME: folder,
  BERTH_HOME: join(folder, 'home'),
  PORT: String(port),
  DATABASE_URL: databaseUrl,
  BERTH_TRUSTED_PROXIES: '127.0.0.1',
})

export const startBerth = async (place: Place): Promise<Running> => {
  const { port, upstreamPort } = place
  const child = run('berth', [upstreamPort], berthEnvironment(place))
  const path = await new Promise<string>((resolve, reject) => {
    child.once('exit', () => reject(new Error("Berth's gateway ended before it served")))
    if (child.stdout)
      createInterface({ input: child.stdout }).once('line', (line) =>
        resolve((JSON.parse(line) as { path: string }).path),
      )
  })
  return { name: 'berth', title: "Berth's gateway: secret checked, key sealed and injected", target: { port, path: `${path}/mcp` }, pid: child.pid } // prettier-ignore
}

/** The fastest form of the peer: nginx knows secret and key by itself, and asks nobody. */
const nginxConfig = ({ folder, port, upstreamPort }: Place): string => `
daemon off; master_process off; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
worker_rlimit_nofile 16384;
events { worker_connections 8192; }
http {
  access_log off; keepalive_requests 1000000000; keepalive_timeout 75s;
  client_body_temp_path ${folder}/b; proxy_temp_path ${folder}/p; fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  map $request_uri $api_key { default ""; "~^/ben_user_1a2b3c4d_9f2c1e_Sec0ndToNone0000000001/" "${'k'.repeat(40)}"; }
  upstream host { server 127.0.0.1:${upstreamPort}; keepalive 256; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location = /auth { internal; if ($api_key = "") { return 403; } return 204; }
    location ~ ^/[^/]+/bench(/.*)$ {
      auth_request /auth;
      proxy_pass http://host$1; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header Authorization ""; proxy_set_header Cookie ""; proxy_set_header X-Api-Key $api_key;
      proxy_set_header X-Forwarded-For $remote_addr; proxy_buffering off;
    }
  }
}
`

/** @returns undefined when nginx is not installed */
export const startNginx = async (place: Place): Promise<Running | undefined> => {
  if (spawnSync('nginx', ['-v'], { stdio: 'ignore' }).error) return undefined
  const file = join(place.folder, 'nginx.conf')
  writeFileSync(file, nginxConfig(place))
  const { pid } = keep(spawn('nginx', ['-c', file, '-e', join(place.folder, 'error.log')], { stdio: ['ignore', 'ignore', 'inherit'] })) // prettier-ignore
  await whenListening(place.port)
  const path = '/ben_user_1a2b3c4d_9f2c1e_Sec0ndToNone0000000001/bench/mcp'
  return { name: 'nginx', title: 'nginx, auth_request and key injection, asking nobody', target: { port: place.port, path }, pid } // prettier-ignore
}
