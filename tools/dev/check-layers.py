#!/usr/bin/env python3
"""Checks that each room includes only what stands below it: check-layers.py [ROOT]. Rooms are the folders of ALLOWED."""
import os
import re
import sys

# Room -> prefixes of quoted includes it may use. The longest room that holds a file decides. Headers of the runtime are
# included as "tgc/abi.h", those of the compiler as "tgc/compiler.h".
RUNTIME = ("tgc/abi.h", "tgc/runtime.h", "tgc/checkpoint.h", "runtime/include/")
COMPILER = RUNTIME + ("dialects/", "compiler/", "tgc/")
EVERYTHING = ("dialects/", "frontend/", "compiler/", "runtime/", "tools/", "test/", "tgc/")
ALLOWED = {
    "runtime": RUNTIME + ("runtime/",),
    "dialects": ("dialects/",),
    "frontend": RUNTIME + ("dialects/", "frontend/"),
    "compiler": COMPILER,
    "compiler/API": COMPILER + ("frontend/",),
    "compiler/JIT": COMPILER + ("frontend/",),
    "compiler/include": ("tgc/",),
    "tools": EVERYTHING,
    "test": EVERYTHING,
}
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
SOURCES = (".c", ".cpp", ".h", ".hpp", ".td", ".inc")


def room_of(path):
    fitting = [room for room in ALLOWED if path.startswith(room + "/")]
    return max(fitting, key=len) if fitting else None


def violations(root):
    for top in sorted({room.split("/")[0] for room in ALLOWED}):
        for folder, _, files in os.walk(os.path.join(root, top)):
            for name in sorted(files):
                path = os.path.relpath(os.path.join(folder, name), root)
                room = room_of(path)
                if not room or not name.endswith(SOURCES):
                    continue
                with open(os.path.join(root, path), encoding="utf-8") as f:
                    text = f.read()
                for match in INCLUDE.finditer(text):
                    used = match.group(1)
                    if used.startswith(EVERYTHING) and not used.startswith(ALLOWED[room]):
                        line = text.count("\n", 0, match.start(1)) + 1
                        yield f"{path}:{line}: error: {room} may not include {used}"


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..", "..")
    found = list(violations(root))
    print("\n".join(found) if found else "layers: ok")
    sys.exit(1 if found else 0)


main()
