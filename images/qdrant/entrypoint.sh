#!/usr/bin/env bash
# Starts the gateway, as the official image's ./entrypoint.sh starts Qdrant. `exec` makes the
# gateway process 1, so that it gets Docker's SIGTERM and closes its files.
set -eu
cd "$(dirname "${BASH_SOURCE[0]}")"
exec "${GROUNDWORK_QDRANT_PYTHON:-python3}" -m gateway "$@"
