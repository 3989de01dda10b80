#!/usr/bin/env bash
# Runs clang-tidy, with the checks of .clang-tidy, over the sources of a build.
# usage: check_tidy.sh BUILD_DIR
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install_dependencies.sh clang-tidy
root=$(pwd)
run-clang-tidy -quiet -p "$1" -extra-arg=-Wno-unknown-warning-option \
  "$root/(common|client|driver|executor|deploy|tests|examples|bench)/.*\.cc\$"
