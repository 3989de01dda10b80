"""What the pages list is what there is: public member functions in docs/operators.md, keys in README.md."""

import pathlib
import re
import sys

HEADERS = "client/include/millstream"
CLASSES = [
    ("context.h", "Context"),
    ("streaming_context.h", "StreamingContext"),
    ("rdd.h", "RDD"),
    ("dstream.h", "DStream"),
    ("operations.h", "Operations"),
]
FOR_TEMPLATES = {"Gather", "TextAs"}  # public for the engine's own templates alone


def public_members(header, name):
    """The names of the public member functions of class `name`, without its constructors."""
    body = re.search(rf"^class {name}\b[^;{{]*\{{\n(.*?)^\}};", header, re.M | re.S)
    if body is None:
        return set()
    members, public = set(), False
    for line in body.group(1).splitlines():
        access = re.match(r" (public|protected|private):", line)
        if access:
            public = access.group(1) == "public"
        found = re.match(r"  (?! )(?!//|return\b|using\b)(?:[\w:<>,&*\[\] ]+[ &*])?([A-Z]\w*)\(", line)
        if public and found and found.group(1) not in (name, "T", "F", "U"):
            members.add(found.group(1))
    return members - FOR_TEMPLATES


def missing(root):
    operators = (root / "docs/operators.md").read_text()
    for file, name in CLASSES:
        members = public_members((root / HEADERS / file).read_text(), name)
        if not members:
            yield f"{HEADERS}/{file}: class {name} has no public member functions that this test can find"
        for member in sorted(members):
            if not re.search(rf"`{member}\b", operators):
                yield f"docs/operators.md: {name}::{member} is not on the page"
    header = (root / "common/cli/configuration_keys.h").read_text()
    keys = {key + "NAME" if key.endswith(".") else key for key in re.findall(r'"(millstream\.[\w.]+)"', header)}
    told = set(re.findall(r"`(millstream\.[\w.]+)`", re.sub(r"(?m)^(?!\|).*$", "", (root / "README.md").read_text())))
    for key in sorted(keys - told):
        yield f"README.md: {key} is not in the table of configuration keys"
    for key in sorted(told - keys):
        yield f"README.md: {key} is in the table of configuration keys and is none"


if __name__ == "__main__":
    problems = list(missing(pathlib.Path(sys.argv[1])))
    print("\n".join(problems))
    sys.exit(bool(problems))
