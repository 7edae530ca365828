"""Who may bring in what: a kind's verb; of partners' people only kinds that are meant for them, for the own company."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prm.access.rules import allowed, require
from prm.spreadsheets.registry import ImportKind, kinds
from prm.values.actor import Actor
from prm.values.errors import NotAllowed

if TYPE_CHECKING:
    from prm.spreadsheets.models import Import


def require_kind(by: Actor, kind: ImportKind) -> None:
    """Raise NotAllowed unless `by` may bring in files of this kind."""
    require(by, kind.verb)
    if by.is_partner and not kind.for_partners:
        raise NotAllowed()


def require_import(by: Actor, upload: Import) -> None:
    """The same for one import; a partner's person who went over to another company may no more."""
    require_kind(by, upload.definition)
    if by.is_partner and (by.partner_id is None or upload.company != by.partner_id):
        raise NotAllowed()


def kinds_for(by: Actor) -> list[ImportKind]:
    return [kind for kind in kinds() if allowed(by, kind.verb) and (kind.for_partners or not by.is_partner)]
