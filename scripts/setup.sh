#!/bin/sh
# Brings everything up to date that running and testing ebpf-top needs: Debian packages, npm packages, dist/.
# Each step is skipped when there is nothing to do; then all of it takes some milliseconds and prints nothing.
#
#   sh scripts/setup.sh [--tests|--kernels]
#
# --tests: what the tests need as well; --kernels: and what running them below other kernels takes
#
# stdout is left to data, everything goes to stderr. Exit status: 1 a step failed, 3 this machine lacks something
# that has to be installed by hand.
set -eu
cd "$(dirname "$0")/.."
exec >&2

tests=no kernels=no
case "${1-}" in
  --tests) tests=yes ;;
  --kernels) tests=yes kernels=yes ;;
esac

say() { echo "setup: $*"; }

# give_up STATUS WHAT TODO: the same two lines as the program's own errors
give_up() {
  echo "setup: $2"
  echo "  $3"
  exit "$1"
}

# quietly COMMAND...: shows what the command printed only if it fails
quietly() {
  log=$(mktemp)
  if "$@" >"$log" 2>&1 </dev/null; then
    rm -f "$log"
  else
    status=$?
    cat "$log"
    rm -f "$log"
    return "$status"
  fi
}

has_package() { apt-cache show "$1" >/dev/null 2>&1; }

has() { command -v "$1" >/dev/null 2>&1; }

# --- Debian packages, judged by what is there, not by who brought it ---

missing_packages() {
  has clang || printf 'clang '
  [ -e /usr/include/bpf/bpf_helpers.h ] || printf 'libbpf-dev '
  [ -e /usr/include/linux/types.h ] || printf 'linux-libc-dev '
  if [ "$tests" = yes ]; then
    [ -e /usr/include/stdio.h ] || printf 'libc6-dev '
    has ip || printf 'iproute2 '
    has ps || printf 'procps '
    has openssl || printf 'openssl '
  fi
  if [ "$kernels" = yes ]; then
    has qemu-system-x86_64 || printf 'qemu-system-x86 '
    # part of qemu-system-common until Debian 12, a package of its own since
    [ -e /usr/libexec/virtiofsd ] || [ -e /usr/lib/qemu/virtiofsd ] || ! has_package virtiofsd || printf 'virtiofsd '
    # the first program of a machine that has nothing else
    { [ -e /bin/busybox ] && ! ldd /bin/busybox >/dev/null 2>&1; } || printf 'busybox-static '
    has cpio || printf 'cpio '
    has xz || printf 'xz-utils '
    has zstd || printf 'zstd '
  fi
}

install_packages() {
  packages=$*
  if ! has apt-get; then
    give_up 3 "there is no apt-get here to install what is missing ($packages)" \
      "install: clang, libbpf development files, kernel headers for user space (linux-libc-dev), C library headers, iproute2, procps, openssl"
  fi
  as_root=
  if [ "$(id -u)" != 0 ]; then
    has sudo || give_up 3 "only root can install what is missing" "as root: apt-get install $packages"
    as_root=sudo
  fi
  say "installing $packages"
  apt="$as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Use-Pty=0"
  # Lists that are partly out of reach may still do.
  quietly $apt update || say "apt-get update failed, trying with the lists there are"
  quietly $apt install --no-install-recommends $packages ||
    give_up 3 "apt-get could not install what is missing" "as root: apt-get install $packages"
}

# --- npm packages ---

npm_is_stale() {
  [ ! -e node_modules/.package-lock.json ] ||
    [ -n "$(find package-lock.json -newer node_modules/.package-lock.json)" ]
}

# The machine's own Node, not the one in node_modules, which `npm ci` replaces.
path_without_node_modules() {
  printf '%s' "$PATH" | tr : '\n' | grep -v '/node_modules/' | paste -s -d : -
}

install_npm() {
  # `npm ci` empties the folder first: where it is a link, that of somebody else
  [ ! -L node_modules ] ||
    give_up 1 "node_modules is a link to packages that are not those of package-lock.json" \
      "remove the link, or bring the packages up to date where they are"
  say "installing npm packages"
  (
    PATH=$(path_without_node_modules)
    has npm || give_up 3 "there is no npm here" "install Node.js with npm"
    # Ink and OpenTelemetry want a newer Node than the machine's; the one that runs them comes with the packages.
    quietly npm ci --include=dev --loglevel=error --no-audit --no-fund ||
      give_up 1 "npm ci failed" "see above; once mended, run it again"
  )
  node_modules/.bin/node --version >/dev/null 2>&1 ||
    give_up 1 "npm did not install the Node that this project runs with" \
      "allow install scripts: npm config set ignore-scripts false, then npm ci"
}

# --- dist/ ---

build_is_stale() {
  [ ! -e dist/.built ] ||
    [ -n "$(find bpf src scripts/build.ts scripts/compile.ts package.json package-lock.json -newer dist/.built | head -n 1)" ]
}

build() {
  say "building dist/"
  node scripts/build.ts || give_up 1 "the build failed" "see above"
}

# Two that start at once take turns: the second then finds nothing to do.
if has flock; then
  exec 9<package.json
  flock 9
fi

PATH="$PWD/node_modules/.bin:$PATH"
packages=$(missing_packages)
[ -z "$packages" ] || install_packages $packages
! npm_is_stale || install_npm
! build_is_stale || build
