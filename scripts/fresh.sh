#!/usr/bin/env bash
# Proves the README on a Debian 12 that has nothing but make: runs the demo and the tests in a new chroot. Needs root.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/debian_chroot.sh

make_chroot make,ca-certificates
mkdir -p "$root/srv/millstream"
tar --create --exclude=./build --exclude=./.git . | tar --extract --directory "$root/srv/millstream"
for target in demo test; do
  in_chroot make -C /srv/millstream "$target"
done
echo "fresh: the demo and the tests passed on a new Debian 12"
