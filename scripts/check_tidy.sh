#!/usr/bin/env bash
# Runs clang-tidy, with the checks of .clang-tidy, over the sources of a build, and the headers they include. Tests are
# left out: they would take more than an hour, and the sanitizers run them.
# usage: check_tidy.sh BUILD_DIR
set -euo pipefail
cd "$(dirname "$0")/.."

# Older ones do not know std::source_location.
scripts/install_dependencies.sh clang-tidy-16
root=$(pwd)
run-clang-tidy-16 -quiet -p "$1" -extra-arg=-Wno-unknown-warning-option \
  "$root/(common|client|driver|executor|deploy|examples|bench)/.*\.cc\$"
