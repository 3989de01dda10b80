#!/usr/bin/env python3
"""Checks every source against the table in rules.py. Prints each breach as FILE:LINE: RULE; exits 1 if there is any.

usage: check_rules.py ROOT
"""

import pathlib
import re
import sys

import rules

SOURCES = {".h", ".cc"}
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]')
TYPE_NAME = re.compile(r"^\s*(?:template\s*<.*>\s*)?(?:class|struct|enum class|enum|union|concept)\s+(\w+)")


class Source:
    def __init__(self, root, path):
        self.path = path.relative_to(root).as_posix()
        self.folder = self.path.split("/")[0]
        self.lines = path.read_text(encoding="utf-8").splitlines()
        self.is_public = self.path.startswith(tuple(rules.PUBLIC))

    def includes(self):
        for number, line in enumerate(self.lines, 1):
            if match := INCLUDE.match(line):
                yield number, match.group(1)


def read_sources(root):
    for folder in rules.INCLUDES:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in SOURCES and rules.EXEMPT not in path.as_posix():
                yield Source(root, path)


def target_of(header):
    """The path, from the project's root, of a header of ours; None for anyone else's."""
    if header.startswith("millstream/exec/"):
        return "common/include/" + header
    if header.startswith("millstream/"):
        return "client/include/" + header
    return header if header.split("/")[0] in rules.INCLUDES and "/" in header else None


def check_direction(source):
    for number, header in source.includes():
        target = target_of(header)
        if target is None:
            continue
        folder = target.split("/")[0]
        joins = source.path == rules.JOINS_ROLES and folder in ("driver", "executor")
        if folder not in rules.INCLUDES[source.folder] and not joins:
            yield number, f"{source.folder} must not include {folder}: {header}"
        for prefix, strangers in rules.STRANGERS:
            if source.path.startswith(prefix) and re.match(strangers, target):
                yield number, f"{prefix} must not include {header}"


def check_doors(source):
    if source.folder in ("tests", "bench"):
        return
    for number, header in source.includes():
        for party, (headers, doors) in rules.DOORS.items():
            if re.fullmatch(headers, header) and not source.path.startswith(tuple(doors)):
                yield number, f"{party} is included only by {doors or 'nobody'}: {header}"


def check_public(source):
    if not source.is_public:
        return
    for number, header in source.includes():
        is_standard = re.fullmatch(r"[a-z_0-9]+", header)
        if not is_standard and not re.fullmatch(rules.PUBLIC_MAY_INCLUDE, header):
            yield number, f"a public header must not include {header}"


def check_pure(source):
    if not source.path.startswith(tuple(rules.PURE)):
        return
    for number, header in source.includes():
        if re.fullmatch(rules.PURE_MAY_NOT_INCLUDE, header):
            yield number, f"a state machine does no I/O and never waits: {header}"
    for number, line in enumerate(source.lines, 1):
        if re.search(rules.PURE_MAY_NOT_SAY, line):
            yield number, "a state machine knows time only through its Clock"


def check_names(source):
    words = re.split(r"[_.]", source.path.rsplit("/", 1)[-1])
    if banned := rules.BANNED_WORDS.intersection(words):
        yield 1, f"a file's name must say more than '{banned.pop()}'"
    for number, line in enumerate(source.lines, 1):
        if match := TYPE_NAME.match(line):
            words = {word.lower() for word in re.findall(r"[A-Z][a-z0-9]*", match.group(1))}
            if banned := rules.BANNED_WORDS.intersection(words):
                yield number, f"a type's name must say more than '{banned.pop()}': {match.group(1)}"


def check_text(source):
    for number, line in enumerate(source.lines, 1):
        for pattern, advice in rules.BANNED_TEXT.items():
            if match := re.search(pattern, line):
                yield number, f"'{match.group(0)}': {advice}"


def check_guard(source):
    if not source.path.endswith(".h"):
        return
    path = re.sub(r"^(client|common)/include/millstream/", "", source.path)
    guard = "MILLSTREAM_" + re.sub(r"\W", "_", path).upper() + "_"
    directives = [line for line in source.lines if line.startswith("#")]
    if directives[:2] != [f"#ifndef {guard}", f"#define {guard}"]:
        yield 1, f"the include guard must be {guard}"


def check_size(source):
    allowed = rules.LONGER_FILES.get(source.path)
    size = len(source.lines)
    if size > (allowed or rules.MAX_LINES):
        yield size, f"{size} lines, at most {allowed or rules.MAX_LINES} are allowed"
    elif allowed and size < allowed:
        yield size, f"shrank to {size} lines: lower its entry in LONGER_FILES"


def check_dead_headers(sources):
    used = {target_of(header) for source in sources for _, header in source.includes()}
    for source in sources:
        if source.path.endswith(".h") and not source.is_public and source.path not in used:
            yield source.path, 1, "nobody includes this header"


CHECKS = [check_direction, check_doors, check_public, check_pure, check_names, check_text, check_guard, check_size]


def breaches(root):
    sources = list(read_sources(root))
    found = [(source.path, *breach) for source in sources for check in CHECKS for breach in check(source)]
    found += check_dead_headers(sources)
    gone = set(rules.LONGER_FILES) - {source.path for source in sources}
    found += [(path, 1, "is gone: remove it from LONGER_FILES") for path in sorted(gone)]
    return len(sources), found


def main():
    checked, found = breaches(pathlib.Path(sys.argv[1]).resolve())
    for path, number, message in found:
        print(f"{path}:{number}: {message}")
    print(f"{checked} sources checked, {len(found)} breaches")
    sys.exit(1 if found or checked == 0 else 0)


if __name__ == "__main__":
    main()
