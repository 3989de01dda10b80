#!/usr/bin/env python3
"""Applies each patch of this folder to a copy of the tree, builds the simulator there, and checks that it fails.

usage: run_mutations.py [NAME]...        (make mutations: all of them)

A patch takes out something the engine's promises rest on. A simulator that does not notice within SEEDS seeds proves
nothing: the run ends with a summary, and exits 1 if a mutation survives or if the tree as it is fails.
"""

import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TREE = ROOT / "build" / "mutations"
BUILD = TREE / "build" / "release"  # as in the tree itself, so that ccache knows what was compiled there
SEEDS = 200
SECONDS = 600  # a mutation may also make it run for ever


def run(*command, **options):
    return subprocess.run([str(word) for word in command], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False, **options)


def must(*command, **options):
    done = run(*command, **options)
    if done.returncode != 0:
        sys.exit(f"{done.stdout}\n{' '.join(map(str, command))} failed")
    return done.stdout


def copy_tree():
    """Writes only what differs, so that what is built stays built."""
    files = must("git", "ls-files", "--cached", "--others", "--exclude-standard", cwd=ROOT).splitlines()
    wanted = {name for name in files if (ROOT / name).is_file()}
    for path in TREE.rglob("*"):
        if path.is_file() and BUILD not in path.parents and path.relative_to(TREE).as_posix() not in wanted:
            path.unlink()
    for name in wanted:
        content, target = (ROOT / name).read_bytes(), TREE / name
        if not target.exists() or target.read_bytes() != content:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            target.chmod((ROOT / name).stat().st_mode)


def build():
    must("cmake", "--build", BUILD, "--target", "simulate")


def verdict():
    """How the simulator ended: nothing if it passed."""
    try:
        done = run(BUILD / "tests" / "simulate", "--seed", 1, "--seeds", SEEDS, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return f"runs for more than {SECONDS} s"
    if done.returncode == 0:
        return ""
    failed = re.search(r"^seed (\d+) FAILED: (.*)$", done.stdout, re.MULTILINE)
    if failed:
        return f"seed {failed.group(1)}: {failed.group(2)}"
    return f"ended with {done.returncode}: {done.stdout.splitlines()[-1] if done.stdout else ''}"


def main():
    names = sys.argv[1:] or sorted(path.stem for path in HERE.glob("*.patch"))
    TREE.mkdir(parents=True, exist_ok=True)
    copy_tree()
    must("cmake", "--preset", "release", cwd=TREE)
    build()
    if problem := verdict():
        sys.exit(f"the simulator fails without a mutation: {problem}")
    survivors = []
    for name in names:
        patch = HERE / f"{name}.patch"
        must("patch", "--batch", "--forward", "-p1", "-i", patch, cwd=TREE)
        build()
        problem = verdict()
        must("patch", "--batch", "--reverse", "-p1", "-i", patch, cwd=TREE)
        print(f"{'found' if problem else 'SURVIVED':8}  {name:28}  {problem}", flush=True)
        if not problem:
            survivors.append(name)
    print(f"{len(names) - len(survivors)} of {len(names)} mutations were found within {SEEDS} seeds")
    sys.exit(1 if survivors else 0)


if __name__ == "__main__":
    main()
