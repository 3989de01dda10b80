#!/usr/bin/env python3
"""Lets systemd judge the units, and checks that they start what the command understands.

usage: check_units.py UNITS_DIR MILLSTREAM; exits with 77 where systemd-analyze is missing
"""

import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile

INSTALLED = "/usr/bin/millstream"
# What a hardened unit must say.
REQUIRED = ["User=millstream", "NoNewPrivileges=yes", "ProtectSystem=strict", "Restart=on-failure"]


def lines_of(path):
    return path.read_text(encoding="utf-8").splitlines()


def check_command(unit, defaults, millstream):
    """The command line with its environment file's values is one that the command accepts: --help is all it gets added."""
    values = {}
    for line in lines_of(defaults):
        if line and not line.startswith("#"):
            name, value = line.split("=", 1)
            values[name] = shlex.split(value)[0] if shlex.split(value) else ""
    words = next(line for line in lines_of(unit) if line.startswith("ExecStart=")).removeprefix("ExecStart=").split()
    if words[0] != INSTALLED:
        sys.exit(f"{unit.name}: it starts {words[0]}, not {INSTALLED}")
    command = [millstream, words[1], "--help"]
    for word in words[2:]:
        command += values[word[1:]].split() if word.startswith("$") else [word]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"{unit.name}: {' '.join(command)}: {result.stderr}")


def verify(units, millstream):
    with tempfile.TemporaryDirectory() as work:
        copies = []
        for unit in units:
            copy = pathlib.Path(work, unit.name)
            # What is started must exist where systemd-analyze looks.
            copy.write_text(unit.read_text(encoding="utf-8").replace(INSTALLED, millstream), encoding="utf-8")
            copies.append(str(copy))
        result = subprocess.run(["systemd-analyze", "verify", "--man=no", *copies], capture_output=True, text=True)
        found = result.stdout + result.stderr
        if result.returncode != 0 or any(unit.name in found for unit in units):
            sys.exit(f"systemd-analyze verify: exit {result.returncode}\n{found}")


def main():
    folder, millstream = pathlib.Path(sys.argv[1]), sys.argv[2]
    units = sorted(folder.glob("*.service"))
    for unit in units:
        missing = [line for line in REQUIRED if line not in lines_of(unit)]
        if missing:
            sys.exit(f"{unit.name}: it does not say {', '.join(missing)}")
        check_command(unit, unit.with_suffix(".default"), millstream)
    if not shutil.which("systemd-analyze"):
        print("SKIPPED: systemd-analyze verify: systemd is not installed")
        sys.exit(77)
    verify(units, millstream)


main()
