# Turns of set-ups in one folder; sourced, behind say.sh.

# Two that start at once take turns: the second then finds nothing to do. Whoever may read package.json may hold its lock: it is
# waited for so many seconds, which is said.
take_turns() {
  has flock || return 0
  exec 9<package.json
  flock -n 9 && return 0
  say "waiting for another set-up in this folder to end, a minute at most"
  flock -w "$1" 9 || say "somebody holds the lock of package.json: going on without"
}
