#!/bin/sh
# Unpacks Debian's libreswan, with those of its libraries that are not installed, where `lab` looks for it: apt does not install it
# beside strongSwan. Needs apt-get and dpkg, no root, and changes nothing but that folder.
set -eu
folder=${IPSEC_LAB_LIBRESWAN:-${XDG_DATA_HOME:-$HOME/.local/share}/ipsec-lab/libreswan}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

libraries=$(apt-cache depends libreswan 2>/dev/null | sed -n 's/^ *Depends: \(lib[^ ]*\)$/\1/p')
[ -n "$libraries" ] || { echo "no package libreswan: apt-get update" >&2; exit 3; }
# shellcheck disable=SC2086 -- a list of names
missing=$(apt-get install -s --no-install-recommends $libraries | sed -n 's/^Inst \([^ ]*\) .*/\1/p')
# shellcheck disable=SC2086
apt-get download -qq libreswan $missing 2>apt.log || { cat apt.log >&2; exit 3; }
mkdir -p "$folder"
for package in *.deb; do dpkg -x "$package" "$folder"; done
echo "$folder"
