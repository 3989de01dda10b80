#!/usr/bin/env bash
# Proves the README on a Debian 12 that has nothing but make: runs the demo and the tests in a new chroot, which is made
# from this machine's own package sources and removed afterwards. Needs root.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install_dependencies.sh debootstrap
mirror=$(apt-get indextargets --format '$(SITE) $(RELEASE) $(CODENAME)' 'Created-By: Packages' |
  awk '$2 == "stable" || $2 == "bookworm" || $3 == "bookworm" || $2 == "oldstable" { print $1; exit }')
root=$(mktemp -d /var/tmp/millstream-fresh.XXXXXX)

clean_up() {
  for mount in proc sys dev; do
    mountpoint -q "$root/$mount" && umount --lazy --recursive "$root/$mount"
  done
  rm -rf --one-file-system "$root"
}
trap clean_up EXIT

debootstrap --variant=minbase --include=make,ca-certificates bookworm "$root" "$mirror"
cp /etc/resolv.conf /etc/hosts "$root/etc/"
for setting in /etc/apt/apt.conf.d/*; do
  grep -qi proxy "$setting" && cp "$setting" "$root/etc/apt/apt.conf.d/"
done
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
mount --make-rslave "$root/sys"
mount --make-rslave "$root/dev"

mkdir -p "$root/srv/millstream"
tar --create --exclude=./build --exclude=./.git . | tar --extract --directory "$root/srv/millstream"
for target in demo test; do
  env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/ LANG=C.UTF-8 \
    chroot "$root" make -C /srv/millstream "$target"
done
echo "fresh: the demo and the tests passed on a new Debian 12"
