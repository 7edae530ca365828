"""The part of the verifier that recomputes the sealed chain, from the head on a statement to the batch that seals it.

Shares no code with the product and needs only Python's standard library. A recompute kit holds it within `verify.py`.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

FIRST_HEAD = "0:" + "0" * 64


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def first_broken(sealed: dict[str, Any]) -> str:
    """The first batch that does not follow from what stands before it; empty when all do and the last is the head."""
    number, _colon, previous = sealed["from"].partition(":")
    for batch in sealed["batches"]:
        number = int(number) + 1
        rows = "".join(f"{row} {digest}\n" for row, digest in batch["rows"])
        head = f"qudao.seal.1\nnumber {number}\nprevious {previous}\nat {batch['at']}\nrows {len(batch['rows'])}\n"
        if batch["number"] != number or sha(head + rows) != batch["hash"]:
            return f"batch {number} of the sealed trail: its hash does not follow from its rows and the head before"
        previous = batch["hash"]
    if sealed["to"] != f"{number}:{previous}":
        return f"the head {sealed['to']}: the chain ends with {number}:{previous}"
    return ""


def read_row(text: str) -> dict[str, str]:
    """The fields of a sealed row: lines of name, length in bytes, and text."""
    left, found = text.encode().partition(b"\n")[2], {}
    while left:
        name, _colon, rest = left.partition(b":")
        if rest.startswith(b"-\n"):
            left = rest[2:]
            continue
        length, _colon, rest = rest.partition(b":")
        found[name.decode()] = rest[: int(length)].decode()
        left = rest[int(length) + 1 :]
    return found


def root_from(text: str, path: list[list[str]]) -> str:
    """The root that a text and the hashes beside its way up come to."""
    found = sha(f"qudao.leaf.1\n{text}\n")
    for side, other in path:
        pair = (other, found) if side == "left" else (found, other)
        found = sha(f"qudao.node.1\n{pair[0]}\n{pair[1]}\n")
    return found


def is_sealed(kit: dict[str, Any]) -> bool | None:
    """Whether the statement's digest is among those that its close sealed; None where nothing tells."""
    sealed, said = kit.get("sealed") or {}, kit["statement"]
    try:
        root = json.loads(read_row(sealed["row"])["changes"])["root"][1]
        return root_from(f"{said['number']} {said['digest']}", sealed["path"]) == str(root)
    except (KeyError, TypeError, ValueError, IndexError):
        return None


def differs_in_row(kit: dict[str, Any], sealed: dict[str, Any]) -> list[str]:
    """What the sealed row of the close does not agree with: the head on the statement, and its digest."""
    digests = {row: digest for batch in sealed["batches"][-1:] for row, digest in batch["rows"]}
    if digests.get(sealed["entry"]) != sha(sealed["row"]):
        return [f"row {sealed['entry']} of the sealed trail: it is not the one that the last batch seals"]
    said, changes = kit["statement"], json.loads(read_row(sealed["row"])["changes"])
    found, head = [], changes.get("audit_head", [None, ""])[1]
    if head != said["audit_head"]:
        found.append(f"audit_head: the statement says {said['audit_head']}, its close sealed {head}")
    if not is_sealed(kit):
        found.append(
            f"digest of {said['number']}: it is not among those that its close sealed, whatever the figures come to"
        )
    return found


def chain_complaints(kit: dict[str, Any], say: Any) -> list[str]:
    """What in the sealed chain does not agree with itself or with the statement; each is said."""
    sealed, said = kit.get("sealed"), kit["statement"]
    if not sealed:
        if said["audit_head"]:
            say(
                f"stated   head of the sealed trail at the close: {said['audit_head']}, nothing to compute it from"
            )
        return []
    try:
        found = [broken] if (broken := first_broken(sealed)) else []
        if not sealed["shortened"] and sealed["from"] != (said["audit_head"] or FIRST_HEAD):
            words = (
                f"audit_head: the statement says {said['audit_head']}, the chain begins at {sealed['from']}"
            )
            found.append(words)
        elif "row" in sealed:
            found += differs_in_row(kit, sealed)
    except (KeyError, TypeError, ValueError, IndexError) as problem:
        found = [f"the sealed chain cannot be read: {problem!r}"]
    for one in found:
        say(f"DIFFERS  {one}")
    if not found:
        say(
            f"agrees   sealed trail from head {sealed['from']} to {sealed['to']}: {len(sealed['batches'])} batches"
        )
        say(
            "agrees   the statement's SHA-256 is among those that its close sealed"
            if "row" in sealed
            else "stated   the trail of this close keeps no path to a single statement"
        )
    return found
