#!/usr/bin/env node
// Writes serviceRegistry.json from registry/*/config.json: berth registry build [--from DIR] [--out FILE]
import { runBerth } from './berth.js'

await runBerth('registry', 'build')
