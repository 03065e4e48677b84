#!/bin/sh
# Installs those of the named Debian packages that are missing, as root or by sudo: scripts/install-packages.sh g++ make. Behind
# --optional stand those that are good to have: one that cannot be installed is named, and left out.
set -eu
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
is_there() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'install ok installed'; }
install() { as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null; }

missing=
optional=
for package in "$@"; do
  if [ "$package" = --optional ]; then optional=yes; continue; fi
  is_there "$package" && continue
  if [ -z "$missing" ]; then as_root apt-get update -qq || [ -n "$optional" ]; missing=' '; fi
  if [ -z "$optional" ]; then missing="$missing$package "
  elif ! install "$package"; then echo "without $package" >&2; fi
done
# shellcheck disable=SC2086 -- a list of names
if [ -n "${missing# }" ]; then install $missing; fi
