"""A tree of hashes over many texts: one root stands for all, and a short path shows that a text is among them.

Hashes are SHA-256 in small hexadecimal digits. A leaf is that of `qudao.leaf.1` and the text, a node that of
`qudao.node.1` and its two hashes, a line each; of an odd number the last goes up as it is. Without texts the root is
that of no text at all. docs/explanation/sealing.md states the bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

LEFT, RIGHT = "left", "right"


def root(texts: Sequence[str]) -> str:
    level = [_leaf(text) for text in texts]
    while len(level) > 1:
        level = _above(level)
    return level[0] if level else _hash("")


def path(texts: Sequence[str], place: int) -> list[list[str]]:
    """From the leaf at `place` to the root: [on which side the other hash stands, that hash] for each level."""
    level, found = [_leaf(text) for text in texts], []
    while len(level) > 1:
        beside = place ^ 1
        if beside < len(level):
            found.append([LEFT if beside < place else RIGHT, level[beside]])
        level, place = _above(level), place // 2
    return found


def _above(level: list[str]) -> list[str]:
    pairs = [level[at : at + 2] for at in range(0, len(level), 2)]
    return [_hash("qudao.node.1", *pair) if len(pair) == 2 else pair[0] for pair in pairs]


def _leaf(text: str) -> str:
    return _hash("qudao.leaf.1", text)


def _hash(*lines: str) -> str:
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()
