#!/usr/bin/env python3
"""Checks what no file of the repository may hold: check-text.py [ROOT].

Refused: absolute paths of someone's machine, hosts of package registries, marks for later work, conflict marks, source
files of more than 1000 lines or with a name that says nothing, tabs and trailing spaces in sources, files without a
newline at the end, folders that the README.md of their room does not name.
"""
import os
import re
import sys

MAX_LINES = 1000
SKIPPED = re.compile(r"^(\.git|build.*|__pycache__|docs/generated)$")
SOURCES = (".c", ".cpp", ".h", ".hpp", ".td", ".py", ".sh", ".cmake", ".mlir", ".proto")
TEXTS = SOURCES + (".md", ".txt", ".in", ".json", ".pbtxt", ".test")
# Written in pieces so that this file passes its own check.
RULES = [
    (TEXTS, re.compile(r"(?<![\w.*/$}%])/(?:ho" r"me|wo" r"rk|ro" r"ot|Us" r"ers|mnt)/\w"), "absolute path"),
    (TEXTS, re.compile(r"py" r"pi\.org|python" r"hosted\.org|npm" r"js\.org|crates\." r"io|deb" r"ian\.org"), "package registry"),
    (TEXTS, re.compile(r"\b(?:TO" r"DO|FIX" r"ME|X" r"XX)\b"), "mark for later work"),
    (TEXTS, re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE), "conflict mark"),
    (SOURCES, re.compile(r"[ \t]+$", re.MULTILINE), "trailing space"),
    (SOURCES, re.compile(r"\t"), "tab"),
]
EMPTY_NAME = re.compile(r"(?:^|/)(?:utils?|common|misc|helpers?|uncategorized)\.\w+$", re.IGNORECASE)


def files_of(root):
    for folder, subfolders, files in os.walk(root):
        inside = os.path.relpath(folder, root)
        subfolders[:] = sorted(s for s in subfolders if not SKIPPED.match(os.path.normpath(os.path.join(inside, s))))
        for name in sorted(files):
            path = os.path.normpath(os.path.join(inside, name))
            if name.endswith(TEXTS) and "/Inputs/" not in path:
                yield path


def folders_without_line(root, paths):
    """ROOM/A/B needs `B/` or `A/B/` in ROOM/README.md; below test/A only the folders of test/E2E do."""
    for folder in sorted({os.path.dirname(path) for path in paths}):
        room, *inner = folder.split(os.sep)
        readme = os.path.join(root, room, "README.md")
        if not inner or not os.path.exists(readme) or (room == "test" and len(inner) > (2 if inner[0] == "E2E" else 1)):
            continue
        with open(readme, encoding="utf-8") as f:
            if not re.search(r"[`\[](?:[^`\]]*/)?" + re.escape(inner[-1]) + r"/[^`\]]*[`\]]", f.read()):
                yield f"{folder}: error: {room}/README.md has no line for this folder"


def violations(root):
    yield from folders_without_line(root, files_of(root))
    for path in files_of(root):
        if path.endswith(SOURCES) and EMPTY_NAME.search(path):
            yield f"{path}: error: the name does not say what the file holds"
        try:
            with open(os.path.join(root, path), encoding="utf-8", newline="") as f:
                text = f.read()
        except UnicodeDecodeError as error:
            yield f"{path}: error: not UTF-8 ({error.reason})"
            continue
        for suffixes, pattern, what in RULES:
            match = pattern.search(text) if path.endswith(suffixes) else None
            if match:
                yield f"{path}:{text.count(chr(10), 0, match.start()) + 1}: error: {what}"
        if path.endswith(SOURCES) and text.count("\n") > MAX_LINES:
            yield f"{path}: error: {text.count(chr(10))} lines, at most {MAX_LINES} are allowed: split it"
        if text and not text.endswith("\n"):
            yield f"{path}: error: no newline at the end of the file"


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..", "..")
    found = list(violations(root))
    print("\n".join(found) if found else "text: ok")
    sys.exit(1 if found else 0)


main()
