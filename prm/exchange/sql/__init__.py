"""SQL that is a program: what keeps the rates as they were, and their use in queries."""

from __future__ import annotations

from pathlib import Path


def read(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="utf-8")
