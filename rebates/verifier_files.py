"""The verifier's part for the kit's own files: each is the one that was packed.

Shares no code with the product and needs only Python's standard library. A recompute kit holds it within `verify.py`.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable

MANIFEST = "SHA256SUMS"


def manifest_of(files: Iterable[tuple[str, bytes]]) -> str:
    """A line a file, as `sha256sum --check` reads it too."""
    return "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in files)


def changed_files(folder: str) -> list[str]:
    """What the manifest says of the files beside it that is not so. Raises OSError or ValueError without one."""
    with open(os.path.join(folder, MANIFEST), encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("  ", 1) for line in file if line.strip()]
    if not rows or any(len(row) != 2 for row in rows):
        raise ValueError(f"{MANIFEST} is no list of files")
    found = []
    for stated, name in rows:
        try:
            with open(os.path.join(folder, name), "rb") as content:
                own = hashlib.sha256(content.read()).hexdigest()
        except FileNotFoundError:
            found.append(f"{name}: it is missing")
            continue
        if own != stated:
            found.append(f"{name}: it was changed since it was packed: its SHA-256 is {own}, stated {stated}")
    return found
