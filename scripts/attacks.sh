#!/bin/sh
# Runs the built program as its unit does - an ordinary user with CAP_BPF and CAP_PERFMON, 512 MB of memory, maps of the kernel among
# them - beside each attack of an ordinary user (test/workloads/hostile.c), and tells whether it lived, and what it took.
#
#   scripts/attacks.sh [SECONDS [FLAG...]]
#
# As root, where memory is limited by control groups. Exit status: 1 it was ended by one of them.
set -eu
cd "$(dirname "$0")/.."
seconds=${1:-15}
[ $# -eq 0 ] || shift
temporary=$(mktemp -d)
status=0 top= user=

# version 1 or 2, below the group that this script is in
parent=/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup) limit=memory.max used=memory.peak
old=$(sed -n 's/^[0-9]*:memory://p' /proc/self/cgroup)
if [ -n "$old" ]; then
  parent=/sys/fs/cgroup/memory$old limit=memory.limit_in_bytes used=memory.max_usage_in_bytes
fi

end() {
  for pid in $top $user; do pkill -KILL -P "$pid" 2>/dev/null || true; kill -KILL "$pid" 2>/dev/null || true; done
  wait $top $user 2>/dev/null || true
  top='' user=''
}
trap 'end; rm -r "$temporary"' EXIT
trap 'exit 1' HUP INT TERM

cc -O2 -pthread -o "$temporary/hostile" test/workloads/hostile.c
chmod 755 "$temporary"
mkfifo "$temporary/stdin"
exec 8<>"$temporary/stdin"

while read -r attack count; do
  group=$parent/ebpf-top-attacks-$$
  mkdir "$group"
  echo $((512 << 20)) >"$group/$limit"
  "$temporary/hostile" "$attack" "$count" <&8 >"$temporary/said" &
  user=$!
  until grep -q ready "$temporary/said"; do sleep 0.1; done
  # the shell goes into the group, and becomes the program
  sh -c 'echo $$ >"$1/cgroup.procs"; shift; exec "$@"' sh "$group" \
    setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs --inh-caps=-all,+bpf,+perfmon \
    --ambient-caps=-all,+bpf,+perfmon --bounding-set=-all,+bpf,+perfmon \
    node_modules/.bin/node dist/cli.js --headless --export otlp --endpoint http://127.0.0.1:9 --export-interval 2 "$@" \
    2>"$temporary/stderr" &
  top=$!
  sleep "$seconds"
  if kill -0 "$top" 2>/dev/null; then
    resident=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$top/status")
    echo "$attack $count: lives, $((resident / 1000)) MB resident at the most, $(($(cat "$group/$used") >> 20)) MB with maps"
  else
    echo "$attack $count: ended: $(tail -n 2 "$temporary/stderr" | tr '\n' ' ')"
    status=1
  fi
  end
  sleep 0.5
  rmdir "$group"
done <<ATTACKS
descriptors 15000
command 1500
arguments 150000
names 10
renames 4
namespaces 300
threads 1000
processes 300
calls 20
connects 3000
sockets 10000
execs 4
stops 100
labels 100
unix 5000
mptcp 1000
ATTACKS
exit $status
