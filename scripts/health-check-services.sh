#!/usr/bin/env bash
# Asks every static port for its health; exits 1 when one does not answer as itself: berth health
set -euo pipefail
exec node "$(dirname "${BASH_SOURCE[0]}")/../dist/cli/main.js" health "$@"
