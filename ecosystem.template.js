/**
 * How PM2 runs the fleet. Edit it, then `berth up` (running processes whose settings changed are replaced).
 *
 * Keys are PM2's own: max_memory_restart ("512M"), node_args, env, out_file, error_file.
 * What is not here comes from Berth: names, scripts, ports, restart behaviour. Never put a secret into `env`:
 * PM2 writes it to its files and shows it in `pm2 env`.
 */
export default {
  // "packed": a few processes (BERTH_HOSTS, default the number of cores) serve all services.
  // "dedicated": one process per service. One service alone: `"process": {"isolation": "dedicated"}` in its config.
  // The variable BERTH_ISOLATION overrides this line.
  isolation: 'packed',

  // main-api: gateway, HTTP API, supervisor, health.
  daemon: {
    max_memory_restart: '2G', // the embedded database lives in it; with Postgres 512M is plenty
    node_args: [],
    env: {},
  },

  // The gateway beside it, when BERTH_GATEWAYS says so; the memory is that of each of its processes.
  gateway: {
    max_memory_restart: '512M',
    node_args: [],
    env: {},
  },

  // Every host process (mcp-host-0, mcp-host-1, … or mcp-<service>).
  hosts: {
    max_memory_restart: '1G',
    node_args: [],
    env: {},
  },

  // One dedicated service's own settings, over those of `hosts`:
  // figma: { max_memory_restart: '150M', env: { NODE_DEBUG: 'http' } },
  services: {},
}
