#!/bin/sh
# clang, or the newest clang-N that is installed: some distributions have an old one under the plain name.
# Exit status 127 where none is new enough. CLANG names another one; --which alone prints the name.
set -eu

# 13: atomic operations with results for BPF are from 12, where they were not yet whole
oldest=13

is_new_enough() {
  major=$("$1" -dumpversion 2>/dev/null | cut -d . -f 1)
  [ "${major:-0}" -ge "$oldest" ] 2>/dev/null
}

for name in ${CLANG-} clang $(seq -f clang-%.0f 40 -1 "$oldest"); do
  is_new_enough "$name" || continue
  [ "${1-}" != --which ] || exec echo "$name"
  exec "$name" "$@"
done
echo "clang.sh: there is no clang $oldest or newer here" >&2
exit 127
