"""More filters than a list's columns offer, and views that people save: prm.conditions knows how and registers here.

A list takes part by naming its subject: `subject = "deal"`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from django.db.models import QuerySet

from prm.ui.filters import Chip


@dataclass(frozen=True)
class SavedTab:
    """A view that somebody saved, as a tab after the list's own."""

    key: str
    label: str
    href: str
    shared: bool


class Refiner(Protocol):
    def narrow(self, page: Any, rows: QuerySet) -> tuple[QuerySet, Chip | None]:
        """The rows that the condition in the address takes, and its chip."""

    def saved(self, page: Any) -> list[SavedTab]:
        """The saved views of the page that its actor may open."""

    def address(self, page: Any) -> str:
        """Where the condition is built; "" for those who may not."""


_refiners: list[Refiner] = []
# What stands in a list's address for a condition and for the saved view that it came from.
CONDITION, SAVED = "if", "saved"


def register(refiner: Refiner) -> None:
    _refiners[:] = [refiner]


def refiner_of(page: Any) -> Refiner | None:
    return _refiners[0] if _refiners and page.subject else None
