# A new Debian 12 in a chroot; sourced by scripts that prove something on one. It is made from this machine's own package
# sources, and removed when the script ends. Needs root.

# make_chroot PACKAGES: sets $root to its directory. PACKAGES are a comma-separated list.
make_chroot() {
  scripts/install_dependencies.sh debootstrap
  local mirror setting
  mirror=$(apt-get indextargets --format '$(SITE) $(RELEASE) $(CODENAME)' 'Created-By: Packages' |
    awk '$2 == "stable" || $2 == "bookworm" || $3 == "bookworm" || $2 == "oldstable" { print $1; exit }')
  root=$(mktemp -d /var/tmp/millstream-chroot.XXXXXX)
  trap remove_chroot EXIT
  chmod 755 "$root" # for its users

  debootstrap --variant=minbase --include="$1" bookworm "$root" "$mirror"
  cp /etc/resolv.conf /etc/hosts "$root/etc/"
  for setting in /etc/apt/apt.conf.d/*; do
    grep -qi proxy "$setting" && cp "$setting" "$root/etc/apt/apt.conf.d/"
  done
  mount -t proc proc "$root/proc"
  mount --rbind /sys "$root/sys"
  mount --rbind /dev "$root/dev"
  mount --make-rslave "$root/sys"
  mount --make-rslave "$root/dev"
}

remove_chroot() {
  local mount
  for mount in proc sys dev; do
    mountpoint -q "$root/$mount" && umount --lazy --recursive "$root/$mount"
  done
  rm -rf --one-file-system "$root"
}

# in_chroot COMMAND ARGUMENTS...: runs it there, with none of this environment.
in_chroot() {
  env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/ LANG=C.UTF-8 \
    DEBIAN_FRONTEND=noninteractive chroot "$root" "$@"
}
