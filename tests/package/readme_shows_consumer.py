#!/usr/bin/env python3
"""Passes if the README's first program is, file by file and to the byte, the consumer project that is built and run.

usage: readme_shows_consumer.py README CONSUMER_DIR
"""

import pathlib
import sys

readme = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")
files = sorted(path for path in pathlib.Path(sys.argv[2]).iterdir() if path.is_file())
missing = [path.name for path in files if path.read_text(encoding="utf-8") not in readme]
if missing or not files:
    sys.exit(f"README.md does not show, or shows changed: {', '.join(missing) or 'the consumer'}")
