#!/usr/bin/env bash
# Installs the Debian packages that building and testing need. Does nothing when all are there.
# usage: install_dependencies.sh [MORE PACKAGES...]
set -euo pipefail

packages=(
  cmake ninja-build g++ ccache pkg-config python3
  libgrpc++-dev protobuf-compiler-grpc libprotobuf-dev protobuf-compiler
  libabsl-dev libgoogle-glog-dev libcli11-dev libxxhash-dev liblz4-dev libssl-dev librocksdb-dev
  libgtest-dev libgmock-dev iproute2 nftables
  "$@"
)

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
  [[ $status == installed ]] || missing+=("$package")
done
[[ ${#missing[@]} -eq 0 ]] && exit 0

as_root=()
if [[ $(id -u) -ne 0 ]]; then
  if ! command -v sudo >/dev/null; then
    echo "Missing packages, and neither root nor sudo to install them with. As root, run:" >&2
    echo "  apt-get install -y --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi

echo "Installing ${missing[*]}"
apt_get=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0)
# An index that one repository could not refresh is still good for the packages above.
"${apt_get[@]}" update || echo "apt-get update had errors; trying to install all the same" >&2
"${apt_get[@]}" install -y --no-install-recommends "${missing[@]}" >/dev/null
