#!/usr/bin/env node
// Writes ecosystem.config.cjs from ecosystem.template.js and the registry: berth ecosystem generate [--out FILE]
import { runBerth } from './berth.js'

await runBerth('ecosystem', 'generate')
