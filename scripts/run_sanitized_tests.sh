#!/usr/bin/env bash
# Runs the tests that start no processes in a sanitizer's build.
# usage: run_sanitized_tests.sh asan|tsan
set -euo pipefail
cd "$(dirname "$0")/.."

export ASAN_OPTIONS="detect_stack_use_after_return=1:strict_string_checks=1"
export UBSAN_OPTIONS="print_stacktrace=1"
export TSAN_OPTIONS="halt_on_error=1:second_deadlock_stack=1:suppressions=$PWD/scripts/tsan_suppressions.txt"
ctest --test-dir "build/$1" --label-regex '^unit$' --output-on-failure -j2
