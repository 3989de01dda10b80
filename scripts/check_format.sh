#!/usr/bin/env bash
# Checks that every source is as clang-format would write it; with --fix, rewrites those that are not.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install_dependencies.sh clang-format
folders=()
for folder in common client driver executor deploy tests examples bench; do
  [[ -d $folder ]] && folders+=("$folder")
done
mapfile -t sources < <(find "${folders[@]}" -name '*.h' -o -name '*.cc')

if [[ ${1:-} == --fix ]]; then
  clang-format -i "${sources[@]}"
elif ! report=$(clang-format --dry-run -Werror "${sources[@]}" 2>&1); then
  echo "Not formatted; 'make format' does it:"
  grep -o '^[^ :]*' <<<"$report" | sort -u | grep -E '\.(h|cc)$'
  exit 1
fi
