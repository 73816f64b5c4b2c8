#!/usr/bin/env bash
# moto.sh run COMMAND...: like rgw.sh, with moto's server, a second opinion about S3, where it is on the PATH.  It knows no users:
# whoever asks may do everything, so it serves the conformance suite only.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if ! moto_server --help >/dev/null 2>&1; then
  echo "SKIPPED, LOUDLY: no moto_server on the PATH; the conformance suite doesn't run against moto" >&2
  exit 77
fi
[ "${1:-}" = run ] || { echo "usage: moto.sh run COMMAND..." >&2; exit 2; }
shift
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
moto_server -H 127.0.0.1 -p "$port" >/dev/null 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null || true' EXIT
timeout 30 sh -c "until curl -s -o /dev/null http://127.0.0.1:$port/; do sleep 0.2; done"
python3 "$here/bucket.py" "http://127.0.0.1:$port"
CAIRN_TEST_S3=http://127.0.0.1:$port AWS_ACCESS_KEY_ID=access AWS_SECRET_ACCESS_KEY=secret "$@"
