# Packages of the distribution, judged by what is there, not by who brought it. Sourced by setup.sh.

# The headers and tools by the names that Debian gives their packages; `native` has other names.
missing_packages() {
  sh scripts/clang.sh --which >/dev/null 2>&1 || printf 'clang '
  [ -e /usr/include/bpf/bpf_helpers.h ] || printf 'libbpf-dev '
  [ -e /usr/include/linux/types.h ] || printf 'linux-libc-dev '
  # Node is linked with it
  has_library libatomic.so.1 || printf 'libatomic1 '
  if [ "$tests" = yes ]; then
    [ -e /usr/include/stdio.h ] || printf 'libc6-dev '
    has ip || printf 'iproute2 '
    has ps || printf 'procps '
    has openssl || printf 'openssl '
    has jq || printf 'jq '
  fi
  if [ "$kernels" = yes ]; then
    has qemu-system-x86_64 || printf 'qemu-system-x86 '
    # part of qemu-system-common until Debian 12, a package of its own since
    [ -e /usr/libexec/virtiofsd ] || [ -e /usr/lib/qemu/virtiofsd ] || ! is_offered virtiofsd || printf 'virtiofsd '
    # the first program of a machine that has nothing else
    { [ -e /bin/busybox ] && ! ldd /bin/busybox >/dev/null 2>&1; } || printf 'busybox-static '
    has cpio || printf 'cpio '
    has xz || printf 'xz-utils '
    has zstd || printf 'zstd '
  fi
  if [ "$release" = yes ]; then
    has ld.lld || printf 'lld '
    has llvm-strip || printf 'llvm '
    has rpmbuild || printf 'rpm '
    has mmdebstrap || printf 'mmdebstrap '
    has runc || printf 'runc '
    has man || printf 'man-db '
    has zsh || printf 'zsh '
    has fish || printf 'fish '
    [ -e /usr/share/bash-completion/bash_completion ] || printf 'bash-completion '
  fi
}

has_library() {
  for file in "/usr/lib/$1" "/usr/lib64/$1" /usr/lib/*/"$1" /lib/*/"$1"; do [ ! -e "$file" ] || return 0; done
  return 1
}

is_offered() { apt-cache show "$1" >/dev/null 2>&1; }

# Major version of what apt-get would install; 0: nothing.
offered_major() {
  LC_ALL=C apt-cache policy "$1" 2>/dev/null |
    sed -n 's/^ *Candidate: *\([0-9]*:\)\{0,1\}\([0-9][0-9]*\).*/\2/p' | grep . || echo 0
}

# clang, or the newest clang-N where the plain one is too old (scripts/clang.sh says what that is).
offered_clang() {
  oldest=$(sed -n 's/^oldest=//p' scripts/clang.sh)
  [ "$(offered_major clang)" -lt "$oldest" ] || { echo clang; return; }
  for version in $(seq 40 -1 "$oldest"); do
    [ "$(offered_major "clang-$version")" = 0 ] || { echo "clang-$version"; return; }
  done
  echo clang
}

# native PACKAGE...: the same by the names that dnf knows
native() {
  for package; do
    case "$package" in
      libbpf-dev) echo libbpf-devel ;;
      linux-libc-dev) echo kernel-headers ;;
      libatomic1) echo libatomic ;;
      libc6-dev) echo glibc-devel ;;
      iproute2) echo iproute ;;
      procps) echo procps-ng ;;
      *) echo "$package" ;;
    esac
  done
}

install_packages() {
  as_root=
  [ "$(id -u)" = 0 ] || as_root=sudo
  if has apt-get; then
    with_apt "$@"
  elif has dnf; then
    with_dnf $(native "$@")
  else
    give_up 3 "neither apt-get nor dnf is here to install what is missing ($*)" \
      "install by hand: clang 13 or newer, headers of libbpf, of the kernel and of the C library, libatomic"
  fi
}

refuse_without_root() {
  [ -z "$as_root" ] || has sudo || give_up 3 "only root can install what is missing" "as root: $*"
}

with_apt() {
  refuse_without_root apt-get install "$@"
  apt="$as_root env DEBIAN_FRONTEND=noninteractive LC_ALL=C apt-get -q -y -o Dpkg::Use-Pty=0"
  say "reading the package lists"
  log=$(mktemp)
  # Lists that are partly out of reach may still do.
  with_progress "$log" $apt update || say "apt-get update failed; trying with the lists there are"
  rm -f "$log"
  wanted=
  for package; do
    [ "$package" != clang ] || package=$(offered_clang)
    wanted="$wanted $package"
  done
  say "installing with apt-get:$wanted"
  LC_ALL=C apt-get -q --assume-no install --no-install-recommends $wanted 2>/dev/null |
    sed -n -e 's/^[0-9]* upgraded, \([0-9]* newly installed\).*/setup:   \1/p' \
      -e 's/^\(Need to get\|After this operation\)/setup:   &/p' || true
  needed "$wanted" $apt install --no-install-recommends $wanted ||
    give_up 3 "apt-get could not install what is missing" "as root: apt-get install$wanted"
}

with_dnf() {
  refuse_without_root dnf install "$@"
  say "installing with dnf: $*"
  LC_ALL=C dnf --assumeno install "$@" 2>/dev/null | sed -n 's/^\(Total download size\|Installed size\).*/setup:   &/p' || true
  needed "$*" $as_root dnf -y install "$@" ||
    give_up 3 "dnf could not install what is missing" \
      "as root: dnf install $*   (RHEL and its like have libbpf-devel in the repository crb or powertools)"
}
