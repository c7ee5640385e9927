#!/bin/sh
# Brings everything up to date that running and testing ebpf-top needs: packages of the distribution, npm packages,
# dist/. Each step is skipped when there is nothing to do; then all of it takes some milliseconds and prints nothing.
#
#   sh scripts/setup.sh [--tests|--kernels|--release]
#
# --tests: what the tests need as well; --kernels: and what running them below other kernels takes; --release: what
# making packages and trying them takes
#
# stdout is left to data, everything goes to stderr. Exit status: 1 a step failed, 3 this machine lacks something
# that has to be installed by hand.
set -eu
cd "$(dirname "$0")/.."
exec >&2
. scripts/setup/say.sh
. scripts/setup/packages.sh
. scripts/setup/npm.sh
. scripts/setup/turns.sh

tests=no kernels=no release=no
case "${1-}" in
  --tests) tests=yes ;;
  --kernels) tests=yes kernels=yes ;;
  --release) release=yes ;;
esac

# What root makes here on behalf of somebody else is theirs.
owner=$(stat -c %u:%g .)
if [ "$(id -u)" = 0 ] && [ "${owner%%:*}" != 0 ]; then
  hand_over() { for made in dist node_modules .cache; do [ ! -e "$made" ] || chown -hR "$owner" "$made"; done; }
  trap hand_over EXIT
fi

build_is_stale() { [ "$(cat dist/.built 2>/dev/null)" != "$(sh scripts/fingerprint.sh)" ]; }

build() {
  say "building dist/ (BPF objects with clang, the program with esbuild)"
  # a warning of some compiler is no reason to leave a user without the program
  [ "$tests" = no ] || export EBPF_TOP_STRICT=1
  node scripts/build.ts || give_up 1 "the build failed" "see above"
}

take_turns 60

PATH="$PWD/node_modules/.bin:$PATH"
packages=$(missing_packages)
[ -z "$packages" ] || install_packages $packages
! npm_is_stale || install_npm
! build_is_stale || build
