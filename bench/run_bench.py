#!/usr/bin/env python3
"""Measures Millstream beside the reference, prints the table and writes bench.json; exits 1 if a gate is missed.

usage: run_bench.py [--build build/release] [--out build/bench.json] [--only NAME]... [--quick]
"""

import argparse
import json
import os
import pathlib
import sys

from cluster_figures import CLUSTER_FIGURES
from figures import FIGURES, Settings, row
from processes import BenchError


ALL_FIGURES = FIGURES + CLUSTER_FIGURES


def text_of(value):
    return "-" if value is None else f"{value:.3g}"


def print_row(figure):
    more = [f"{key} {figure[key] if isinstance(figure[key], str) else text_of(figure[key])}"
            for key in ("p99", "spread", "note") if figure.get(key)]
    print(f"{figure['name']:20} {text_of(figure['value']):>8} {text_of(figure['reference']):>10} "
          f"{text_of(figure['ratio']):>7} {text_of(figure['gate']):>7} {text_of(figure['goal']):>7}  "
          f"{'ok' if figure['ok'] else 'MISSED':7} {figure['unit']}{'; ' if more else ''}{', '.join(more)}", flush=True)


def measure(settings, wanted):
    for function, names in ALL_FIGURES:
        if not wanted.intersection(names):
            continue
        try:
            figures = list(function(settings))
        except (BenchError, OSError) as error:
            figures = [row(name, None, "", ok=False, note=str(error)) for name in names]
        for figure in figures:
            if figure["name"] in wanted:
                print_row(figure)
                yield figure


def main():
    source = pathlib.Path(__file__).resolve().parent.parent
    names = [name for _, group in ALL_FIGURES for name in group]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default=str(source / "build/release"))
    parser.add_argument("--out", default=str(source / "build/bench.json"))
    parser.add_argument("--only", action="append", choices=names, metavar="NAME", help=", ".join(names))
    parser.add_argument("--quick", action="store_true", help="shorter runs, for a first look")
    options = parser.parse_args()
    settings = Settings(os.path.abspath(options.build), str(source), options.quick)

    print(f"{'figure':20} {'ours':>8} {'reference':>10} {'ratio':>7} {'gate':>7} {'goal':>7}")
    figures = list(measure(settings, set(options.only or names)))
    with open(options.out, "w", encoding="utf-8") as file:
        json.dump(figures, file, indent=1)
        file.write("\n")
    return 0 if all(figure["ok"] for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
