"""Garbage collection of a long-lived process: what was loaded at its start is never looked through again."""

from __future__ import annotations

import gc

# Objects made before the youngest are looked through. Python's own 700 is for programs with a small heap: here a page
# makes tens of thousands that live for one request, and each full collection walks every loaded class and template.
YOUNGEST, MIDDLE, OLDEST = 25_000, 20, 50


def collect_rarely() -> None:
    """Call once when everything is loaded."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNGEST, MIDDLE, OLDEST)
