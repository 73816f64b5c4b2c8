#!/usr/bin/env bash
# A real S3 server for tests: Ceph's gateway with a one-node cluster in memory, on loopback.
#
#   rgw.sh run COMMAND...     starts it, runs the command with CAIRN_TEST_S3=URL-of-the-endpoint, stops it; the command's exit code
#
# With TLS at CAIRN_TEST_S3_TLS, for localhost and cairn.localhost, by the authority in CAIRN_TEST_S3_CA.  Role "visitor" is for whoever asks
# its STS; it may do everything in the bucket "cairn".
# Users: access/secret, owner of the buckets "cairn" and "locked" (with Object Lock); writer/secret and reader/secret with the policies of docs/s3.md on it; documented/secret
# with the six permissions that an older tool asked for.  Exit code 77 where Ceph isn't installed or we aren't root.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for program in ceph-mon ceph-osd radosgw radosgw-admin; do
  command -v "$program" >/dev/null || { echo "SKIPPED, LOUDLY: $program is not installed; no test runs against a real S3 server" >&2; exit 77; }
done
[ "$(id -u)" -eq 0 ] || { echo "SKIPPED, LOUDLY: only root can start a Ceph for the test" >&2; exit 77; }
[ "${1:-}" = run ] || { sed -n '4,5p' "${BASH_SOURCE[0]}" >&2; exit 2; }
shift

# Below those that the system gives to outgoing connections, which would take them before the server does.
free_ports() {
  python3 - <<'EOF'
import random, socket
sockets = []
while len(sockets) < 3:
    sockets.append(socket.socket())
    try:
        sockets[-1].bind(("127.0.0.1", random.randrange(10000, 32000)))
    except OSError:
        sockets.pop()
print(*(s.getsockname()[1] for s in sockets))
EOF
}

own() { echo "$1" >>"$folder/processes"; }
running=     # our child, while we wait for it

stop() {
  [ -z "$running" ] || kill -9 "$running" 2>/dev/null || true
  [ -n "${folder:-}" ] || return 0
  [ ! -e "$folder/processes" ] || xargs kill -9 <"$folder/processes" 2>/dev/null || true   # it is all in memory
  rm -rf "$folder"
}
trap stop EXIT
trap 'exit 130' INT TERM HUP

configure() {
  folder=$(mktemp -d /tmp/cairn-rgw-XXXXXX)
  read -r port monitor_port tls_port < <(free_ports)
  cat >"$folder/ceph.conf" <<EOF
[global]
fsid = $(cat /proc/sys/kernel/random/uuid)
mon host = [v1:127.0.0.1:$monitor_port]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
keyring = $folder/keyring
run dir = $folder
admin socket =
log file = $folder/\$name.log
mon data = $folder/mon
mon allow pool size one = true
osd data = $folder/osd
osd objectstore = memstore
memstore device bytes = ${CAIRN_TEST_S3_BYTES:-3221225472}
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd crush chooseleaf type = 0
rgw data = $folder/rgw
rgw dns name = localhost
rgw frontends = beast endpoint=127.0.0.1:$port ssl_endpoint=127.0.0.1:$tls_port ssl_certificate=$folder/server.pem ssl_private_key=$folder/server.key
rgw s3 auth use sts = true
rgw s3 auth order = local, sts
rgw sts key = 0123456789abcdef
EOF
}

# An authority, and a certificate of it.
make_certificates() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=cairn's test authority" \
    -keyout "$folder/ca.key" -out "$folder/ca.pem"
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=localhost -keyout "$folder/server.key" -out "$folder/server.csr"
  printf 'subjectAltName=DNS:localhost,DNS:cairn.localhost\n' >"$folder/names"
  openssl x509 -req -in "$folder/server.csr" -CA "$folder/ca.pem" -CAkey "$folder/ca.key" -CAcreateserial -days 2 -extfile "$folder/names" -out "$folder/server.pem"
}

all_run() { local process; while read -r process; do kill -0 "$process"; done <"$folder/processes"; }

start() {
  make_certificates
  export CEPH_CONF=$folder/ceph.conf
  mkdir -p "$folder"/{mon,osd,rgw}
  ceph-authtool --create-keyring "$folder/keyring" --gen-key -n mon. --cap mon 'allow *'
  ceph-authtool "$folder/keyring" --gen-key -n client.admin --cap mon 'allow *' --cap osd 'allow *' --cap mgr 'allow *'
  monmaptool --create --addv a "[v1:127.0.0.1:$monitor_port]" --fsid "$(sed -n 's/^fsid = //p' "$folder/ceph.conf")" "$folder/monmap"
  ceph-mon --mkfs -i a --monmap "$folder/monmap" --keyring "$folder/keyring"
  ceph-mon -f -i a & own $!
  local osd
  osd=$(cat /proc/sys/kernel/random/uuid)
  timeout 60 ceph osd new "$osd"
  ceph-osd -i 0 --mkfs --osd-uuid "$osd"
  ceph-osd -f -i 0 & own $!
  radosgw -f -n client.rgw & own $!
  local end=$((SECONDS + 120)) user
  until curl -s -o /dev/null "http://127.0.0.1:$port/"; do
    all_run
    [ $SECONDS -lt $end ]
    sleep 0.2
  done
  for user in access writer reader documented; do
    timeout 60 radosgw-admin -n client.rgw user create --uid="$user" --display-name="$user" --access-key="$user" --secret-key=secret
  done
  timeout 60 radosgw-admin -n client.rgw role create --role-name=visitor --assume-role-policy-doc='{"Version":"2012-10-17","Statement":[
    {"Effect":"Allow","Principal":{"AWS":["arn:aws:iam:::user/access"]},"Action":["sts:AssumeRole"]}]}'
  timeout 60 radosgw-admin -n client.rgw role-policy put --role-name=visitor --policy-name=all --policy-doc='{"Version":"2012-10-17","Statement":[
    {"Effect":"Allow","Action":["s3:*"],"Resource":["arn:aws:s3:::cairn","arn:aws:s3:::cairn/*"]}]}'
  python3 "$here/bucket.py" "http://127.0.0.1:$port"
}

# What went wrong, shortly.
explain() {
  local log
  for log in "$folder"/*.log; do printf '%s:\n' "${log##*/}"; tail -n 8 "$log"; done >&2
}

# A busy machine can make it fail, and whether Ceph starts isn't what is tested.
for attempt in 1 2 3; do
  configure
  (set -e; start) >"$folder/start.log" 2>&1 &   # not in a condition: there it would go on after an error
  running=$!
  status=0
  wait $running || status=$?
  running=
  [ $status -ne 0 ] || break
  explain
  echo "Ceph doesn't start (attempt $attempt of 3)" >&2
  [ $attempt -lt 3 ] || exit 1
  stop
done

export CAIRN_TEST_S3=http://127.0.0.1:$port CAIRN_TEST_S3_TLS=https://localhost:$tls_port CAIRN_TEST_S3_CA=$folder/ca.pem
"$@" &   # waited for, so that a signal is acted on at once
running=$!
wait $running || status=$?
running=
exit "$status"
