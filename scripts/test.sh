#!/bin/sh
# All tests: set-up, type check, lint, and then vitest, which gets the arguments.
set -eu
cd "$(dirname "$0")/.."
sh scripts/setup.sh --tests
# what root leaves in somebody else's checkout is theirs
owner=$(stat -c %u:%g .)
if [ "$(id -u)" = 0 ] && [ "${owner%%:*}" != 0 ]; then trap 'chown -hR "$owner" node_modules' EXIT; fi
PATH="$PWD/node_modules/.bin:$PATH"
tsc --noEmit
biome check
vitest run "$@"
