# What set-up says, and how it runs what takes long. Sourced by setup.sh.

say() { echo "setup: $*"; }

# give_up STATUS WHAT TODO: the same two lines as the program's own errors
give_up() {
  echo "setup: $2"
  echo "  $3"
  exit "$1"
}

has() { command -v "$1" >/dev/null 2>&1; }

# last_line FILE: of what a command has printed, as wide as a terminal is at the least
last_line() { tail -n 1 "$1" | tr '\r\t' '  ' | tr -cd '[:print:]' | cut -c 1-64; }

job=
# A job in the background is deaf to Ctrl-C.
trap '[ -z "$job" ] || kill "$job" 2>/dev/null; exit 130' HUP INT TERM

# with_progress LOG COMMAND...: runs it, with what it prints in LOG, and shows how long it has taken and its last words:
# on a terminal in one line, elsewhere every 15 seconds
with_progress() {
  log=$1
  shift
  "$@" >"$log" 2>&1 </dev/null &
  job=$!
  seconds=0
  while kill -0 "$job" 2>/dev/null; do
    if [ -t 2 ]; then
      printf '\r\033[Ksetup:   %s s  %s' "$seconds" "$(last_line "$log")"
    elif [ "$seconds" -gt 0 ] && [ $((seconds % 15)) = 0 ]; then
      say "  $seconds s  $(last_line "$log")"
    fi
    sleep 1
    seconds=$((seconds + 1))
  done
  [ ! -t 2 ] || printf '\r\033[K'
  status=0
  wait "$job" || status=$?
  job=
  return "$status"
}

# What apt-get, dnf and npm print where nobody answers.
no_network='Could not resolve|Temporary failure|Could not connect|Network is unreachable|Connection (refused|timed out)'
no_network="$no_network|EAI_AGAIN|ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|Curl error \\((6|7|28)\\)"

# needed WHAT COMMAND...: runs a command that downloads. Where it fails, that is the end: in two lines if it is the
# network, else below what the command printed.
needed() {
  what=$1
  shift
  log=$(mktemp)
  status=0
  with_progress "$log" "$@" || status=$?
  [ "$status" != 0 ] || { rm -f "$log"; return 0; }
  if grep -Eq "$no_network" "$log"; then
    rm -f "$log"
    give_up 1 "there is no network: $what cannot be downloaded" "connect this machine and try again, or install a package of ebpf-top, which brings everything"
  fi
  cat "$log"
  rm -f "$log"
  return "$status"
}
