#!/bin/sh
# On a terminal the password is asked for, unseen; twice for a new repository; Ctrl-C gives the terminal back as it was.
. "$(dirname "$0")/setup.sh"
unset CAIRN_PASSWORD
cat >ask.py <<'PY'
import os, pty, signal, sys, termios
answers, command = sys.argv[1].split(","), sys.argv[2:]
pid, fd = pty.fork()
if pid == 0:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # whoever started this may have it ignored
    os.execv(command[0], command)
seen = b""
def until(words):
    global seen
    while words not in seen:
        seen += os.read(fd, 1000)
    seen = seen.split(words, 1)[1]
for answer in answers:
    until(b": ")
    assert not termios.tcgetattr(fd)[3] & termios.ECHO, "typing is shown"
    os.write(fd, b"\x03" if answer == "^C" else answer.encode() + b"\n")
try:
    while chunk := os.read(fd, 1000):
        seen += chunk
except OSError:
    pass
assert b"canary" not in seen, seen
sys.stdout.write(seen.decode())
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
PY
expect 2 python3 ask.py canary,other "$cairn" init
says out differ
[ ! -e repository ] || fail "made in spite of two passwords"
expect 130 python3 ask.py ^C "$cairn" init
expect 0 python3 ask.py canary,canary "$cairn" init
expect 0 python3 ask.py canary "$cairn" snapshots
expect 12 python3 ask.py wrong "$cairn" snapshots
