#!/usr/bin/env python3
"""Passes if a source is refused by the compiler the way its first line says.

usage: must_not_compile.py SOURCE --compiler CXX -- FLAGS...

The source opens with "// expect: REGEX". Compilation must fail with at most two errors, the first matching REGEX.
"""

import argparse
import re
import subprocess
import sys

MAX_ERRORS = 2


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("source")
    parser.add_argument("--compiler", required=True)
    split = sys.argv.index("--")
    args = parser.parse_args(sys.argv[1:split])
    flags = sys.argv[split + 1:]

    with open(args.source, encoding="utf-8") as source:
        expect = re.match(r"// expect: (.+)", source.readline())
    if not expect:
        sys.exit(f"{args.source}: the first line must be '// expect: REGEX'")

    command = [args.compiler, *flags, "-fsyntax-only", "-fdiagnostics-color=never", args.source]
    result = subprocess.run(command, capture_output=True, text=True, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"})
    errors = [line for line in result.stderr.splitlines() if re.search(r"\b(fatal )?error: ", line)]
    if result.returncode == 0:
        sys.exit(f"{args.source}: compiles, but must not")
    if not errors or not re.search(expect.group(1), errors[0]):
        sys.exit(f"{args.source}: the first error must match '{expect.group(1)}'\n{result.stderr}")
    if len(errors) > MAX_ERRORS:
        sys.exit(f"{args.source}: {len(errors)} errors, at most {MAX_ERRORS} are allowed\n{result.stderr}")


main()
