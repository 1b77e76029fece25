#!/usr/bin/env bash
# Starts the whole fleet under PM2 and waits until every service answers: berth up
set -euo pipefail
exec node "$(dirname "${BASH_SOURCE[0]}")/../dist/cli/main.js" up "$@"
