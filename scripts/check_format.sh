#!/usr/bin/env bash
# Checks that every source is as clang-format would write it; with --fix, rewrites those that are not.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install_dependencies.sh clang-format
mode=(--dry-run -Werror)
[[ ${1:-} == --fix ]] && mode=(-i)
find common client driver executor deploy tests examples bench -name '*.h' -print0 -o -name '*.cc' -print0 2>/dev/null |
  xargs -0 --no-run-if-empty clang-format "${mode[@]}"
