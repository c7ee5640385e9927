#!/bin/sh
# Prints a line that changes with whatever dist/ is built from.
set -eu
cd "$(dirname "$0")/.."
find bpf src scripts/build.ts scripts/bundle.ts scripts/compile.ts scripts/quick-start.ts package.json package-lock.json -type f |
  LC_ALL=C sort | xargs -d '\n' sha256sum | sha256sum
