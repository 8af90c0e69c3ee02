#!/usr/bin/env python3
"""Names every operator that `tgc --list-ops` lists and no test has a node of: check-operators.py TESTS TGC

Of graphs in binary form the name counts that stands behind its length, of those in text form `op: "NAME"`, and of programs that make
graphs node("NAME" and node("name", "NAME". Prose does not count, nor do names that a program puts together.
"""
import os
import re
import subprocess
import sys

GRAPHS = (".pb", ".meta")
TEXTS = (".pbtxt", ".mlir", ".py", ".test")


def named_in(path):
    with open(path, "rb") as file:
        content = file.read()
    if path.endswith(GRAPHS):
        # Field 2 of a node; that a longer text contains the same bytes is of no account.
        starts = (match.end() for match in re.finditer(rb"\x12(?=[\x01-\x7f][A-Z_])", content))
        return {content[start + 1:start + 1 + content[start]] for start in starts}
    return set(re.findall(rb'\b(?:op: ?|node\((?:"\w+", )?)"(\w+)"', content))


def main(tests, tgc):
    found = set()
    for folder, _, files in os.walk(tests):
        for name in files:
            if name.endswith(GRAPHS + TEXTS):
                found |= named_in(os.path.join(folder, name))
    operators = subprocess.run([tgc, "--list-ops"], check=True, capture_output=True, text=True).stdout.split()
    missing = [name for name in operators if name.encode() not in found]
    for name in missing:
        print(f"{name}: error: no test has this operator")
    print(f"operators: {len(operators) - len(missing)} of {len(operators)}" if missing else "operators: ok")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
