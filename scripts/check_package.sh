#!/usr/bin/env bash
# Proves the Debian packages on a Debian 12 that has nothing: installs, uses and purges them in a new chroot. Needs root.
# usage: check_package.sh DIRECTORY_OF_THE_PACKAGES
set -euo pipefail
packages=$(realpath "$1")
cd "$(dirname "$0")/.."
source scripts/debian_chroot.sh

step() { printf '\n== %s (%d s)\n' "$*" "$SECONDS"; }
fail() {
  echo "check_package: $*" >&2
  exit 1
}
install_packages() { in_chroot apt-get -qq -o Dpkg::Use-Pty=0 install -y --no-install-recommends "$@" >/dev/null; }
# Files of ours in the chroot, except what this script put there.
ours() { find "$root" -xdev -mindepth 1 -iname '*millstream*' -not -path "$root/srv/*" -printf '/%P\n'; }

step "A new Debian 12"
make_chroot ca-certificates
in_chroot apt-get -qq update
cp "$packages"/millstream_*.deb "$root/srv/millstream.deb"
cp "$packages"/millstream-dev_*.deb "$root/srv/millstream-dev.deb"
cp -r scripts/demo.sh tests/package/consumer "$root/srv/"
[[ -z $(ours) ]] || fail "there is something of ours before the installation"

step "millstream installs, and its user can run it"
install_packages /srv/millstream.deb
# In a network of its own, where nobody holds a port.
in_chroot unshare --net runuser -u millstream -- millstream doctor --work-dir /var/lib/millstream/worker \
  /usr/lib/millstream/examples/network_word_count
in_chroot millstream-submit --help >/dev/null
for unit in millstream-master millstream-worker; do
  [[ -f $root/usr/lib/systemd/system/$unit.service && -f $root/etc/default/$unit ]] || fail "$unit is not there"
done

step "A local word count"
in_chroot /srv/demo.sh /usr/lib/millstream/examples

step "millstream-dev builds the README's first program"
install_packages /srv/millstream-dev.deb cmake g++ make libgtest-dev libgmock-dev
in_chroot cmake -S /srv/consumer -B /srv/consumer/build -DCMAKE_BUILD_TYPE=Release >/dev/null
in_chroot cmake --build /srv/consumer/build
in_chroot ctest --test-dir /srv/consumer/build --output-on-failure

step "Removing keeps configuration and data, purging nothing"
in_chroot install -d -o millstream /var/lib/millstream/worker/app-1
in_chroot apt-get -qq -o Dpkg::Use-Pty=0 remove -y millstream millstream-dev >/dev/null
kept=$(ours | sort | grep -v '^/var/lib/dpkg/')
[[ $kept == $'/etc/default/millstream-master\n/etc/default/millstream-worker\n/var/lib/millstream' ]] ||
  fail "removed, and this is still there: $kept"
in_chroot dpkg --purge millstream
[[ -z $(ours) ]] || fail "purged, and this is still there: $(ours)"
echo "check_package: the packages install, run and go"
