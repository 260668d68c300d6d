#!/bin/sh
# Installs the clients that the editor tests drive: Neovim and a headless browser from Debian's packages, the rest from npm.
#
#   install.sh [neovim] [node] [clients] [vscode] [package]     (no argument: all of them)
#
# Everything that comes from npm goes to ${CHARN_TEST_CACHE:-build/test-cache}; the checkout stays as it is. Versions are
# pinned by the package-lock files, or by the SHA-512 written here. A second run finds its stamps and does nothing. Debian
# packages are installed only when this runs as root, otherwise it says what is missing and goes on.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
cache=${CHARN_TEST_CACHE:-$root/build/test-cache}
parts=${*:-neovim node clients vscode package}

NODE_VERSION=20.20.2
NODE_SHA512_x64=3de1d033cc007661ed640d66068732819c6ce4b8945adb097b3413901774898f7cecaa46ac3d4edad544c9dbcc662b9771e45a9f1b7bae34e70c407038fba3a1
NODE_SHA512_arm64=2c25c99cd4c58b21ae601c36819488e4e04531b92300fb7cb2a0ff34aad6a04d90983812b9b4ea16783a19a349f4427c1e9c413067165a96db72ce15a3e0a71a
CODE_SERVER_VERSION=4.100.3
CODE_SERVER_SHA512=abf161d833b10913610bf5a21bfeac02148a9e3ed90024d505a79e67ead68e897fff41426e5fea835967e5e719f7d8d871fa8cc59640c9670df98048a340e0a4

say() { printf 'editors: %s\n' "$*"; }
fail() { printf 'editors: error: %s\n' "$*" >&2; exit 1; }

# Debian packages: $1 is the command that proves the package $2 (and those after it) is there.
need_debian() {
  proof=$1; shift
  command -v "$proof" >/dev/null 2>&1 && return 0
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    say "missing: $proof. Mend: apt-get install $* (as root)"
    return 0
  fi
  say "apt-get install $*"
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >"$cache/apt.log" 2>&1 ||
    { apt-get update -qq >>"$cache/apt.log" 2>&1 &&
      DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >>"$cache/apt.log" 2>&1; } ||
    fail "apt-get install $* failed, see $cache/apt.log"
}

# Fetches npm package $1 at version $2, checks the tarball against SHA-512 $3, unpacks member $4 of it into folder $5.
need_tarball() {
  [ -e "$5/.stamp-$2" ] && return 0
  command -v npm >/dev/null 2>&1 || fail "npm is missing. Mend: apt-get install npm"
  say "npm pack $1@$2"
  work=$(mktemp -d "$cache/tmp.XXXXXX")
  (cd "$work" && npm pack --silent "$1@$2" >/dev/null) || { rm -rf "$work"; fail "npm pack $1@$2 failed"; }
  set -- "$1" "$2" "$3" "$4" "$5" "$(ls "$work"/*.tgz)"
  echo "$3  $6" | sha512sum --check --status || { rm -rf "$work"; fail "$1@$2: the tarball's SHA-512 is not the pinned one"; }
  rm -rf "$5"; mkdir -p "$5"
  tar xzf "$6" -C "$5" --strip-components=1 "$4"
  rm -rf "$work"
}

# Installs the packages locked in folder $1 into folder $2 (package.json and package-lock.json side by side).
need_locked() {
  key=$(cat "$1/package.json" "$1/package-lock.json" | sha256sum | cut -c1-16)
  [ "$(cat "$2/.stamp" 2>/dev/null)" = "$key" ] && return 0
  command -v npm >/dev/null 2>&1 || fail "npm is missing. Mend: apt-get install npm"
  say "npm ci ($1)"
  mkdir -p "$2"; rm -f "$2/.stamp"
  cp "$1/package.json" "$1/package-lock.json" "$2/"
  (cd "$2" && npm ci --silent --no-audit --no-fund --ignore-scripts) || fail "npm ci failed for $1"
  echo "$key" >"$2/.stamp"
}

need_node() {
  need_debian node nodejs npm
  command -v node >/dev/null 2>&1 || return 0
  [ "$(node -p 'process.versions.node.split(".")[0]')" -ge 20 ] && return 0
  case $(uname -m) in
    x86_64) arch=x64 sum=$NODE_SHA512_x64 ;;
    aarch64) arch=arm64 sum=$NODE_SHA512_arm64 ;;
    *) say "node is older than 20, and npm has no newer one for $(uname -m)"; return 0 ;;
  esac
  need_tarball "node-linux-$arch" "$NODE_VERSION" "$sum" package/bin/node "$cache/node"
  touch "$cache/node/.stamp-$NODE_VERSION"
}

need_code_server() {
  need_tarball code-server "$CODE_SERVER_VERSION" "$CODE_SERVER_SHA512" package/lib/vscode "$cache/code-server"
  [ -e "$cache/code-server/.stamp-$CODE_SERVER_VERSION" ] && return 0
  # `npm install`, not `npm ci`: the shrinkwrap that ships with it lacks an entry. No native module is needed.
  say "npm install (code-server's VS Code server)"
  (cd "$cache/code-server/lib/vscode" && npm install --silent --omit=dev --ignore-scripts --no-audit --no-fund) ||
    fail "npm install failed for code-server"
  touch "$cache/code-server/.stamp-$CODE_SERVER_VERSION"
}

mkdir -p "$cache"
if command -v flock >/dev/null 2>&1; then
  exec 9>"$cache/.lock"
  flock 9
fi

for part in $parts; do
  case $part in
    neovim) need_debian nvim neovim ;;
    node) need_node ;;
    clients) need_node; need_locked "$here" "$cache/clients" ;;
    vscode)
      need_node
      need_debian chromium-headless-shell chromium-headless-shell fonts-dejavu-core
      need_locked "$here" "$cache/clients"
      need_locked "$root/editors/vscode" "$cache/extension"
      need_code_server ;;
    package)
      need_node
      need_locked "$root/editors/vscode" "$cache/extension"
      need_locked "$root/editors/vscode/packaging" "$cache/packaging" ;;
    *) fail "unknown part '$part' (neovim, node, clients, vscode, package)" ;;
  esac
done
say "ready in $cache"
