"""Compiles the translations whose text is newer than its compiled form; needs no gettext on the machine."""

from __future__ import annotations

import os
import pathlib

from prm.localservices.datadir import ROOT


def stale() -> list[pathlib.Path]:
    """Translation files that wait to be compiled."""
    found = []
    for text in sorted(ROOT.glob("locale/*/LC_MESSAGES/*.po")):
        compiled = text.with_suffix(".mo")
        if not compiled.exists() or compiled.stat().st_mtime < text.stat().st_mtime:
            found.append(text)
    return found


def compile_all() -> int:
    """Compile what is stale, each file at once or not at all; how many there were."""
    waiting = stale()
    if waiting:
        from babel.messages.mofile import write_mo
        from babel.messages.pofile import read_po
    for text in waiting:
        draft = text.with_suffix(f".mo.{os.getpid()}")
        with text.open("rb") as source:
            catalogue = read_po(source, locale=text.parts[-3])
        with draft.open("wb") as target:
            write_mo(target, catalogue)
        os.replace(draft, text.with_suffix(".mo"))
    return len(waiting)
