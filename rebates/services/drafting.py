"""A draft as somebody opened it, and whether it is still that one: two people, or two windows, may write at once."""

from __future__ import annotations

import hashlib
import json

from prm.audit.history import happening
from prm.audit.models import AuditEntry
from prm.ui import formats
from rebates.errors import DraftMovedOn
from rebates.models import Programme, Version

NONE = "none"  # the mark where there is no draft


def mark_of(draft: Version | None) -> str:
    """Names what a draft says, so that a form can tell whether it is another one by now."""
    if draft is None:
        return NONE
    said = [draft.number, draft.names, str(draft.starts), str(draft.ends), draft.policy]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def refuse_when_moved_on(programme: Programme, draft: Version | None, opened: str | None) -> None:
    """Raise where the draft is not the one with this mark; None: nobody had opened one."""
    if opened in (None, mark_of(draft)):
        return
    rows = AuditEntry.objects.of_any([programme, *programme.versions.all()])
    last = next((happening(row) for row in rows[:1]), None)
    told = f"{last.who}{formats.comma()}{formats.exact(last.at)}{formats.colon()}{last.text}" if last else "—"
    raise DraftMovedOn(programme=str(programme), meanwhile=told)
