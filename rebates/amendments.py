"""What a version of a programme changes against the one before: read aloud, and line by line of its text."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from rebates import amended_figures, wording
from rebates.exchange import version_as_yaml
from rebates.models import Version
from rebates.policy import spelled_alike

Piece = tuple[bool, str]
_WORDS = re.compile(r"[\u4e00-\u9fff]|[^\s\u4e00-\u9fff]+|\s+")  # a Chinese letter is a word

# What each key of a programme's text is called; every key of the schema but those that name and date the version.
PARTS = {
    "currency": _("Measured in"),
    "payout_currency": _("Paid in"),
    "exchange": _("Sales in other currencies"),
    "counts": _("What counts"),
    "date_basis": _("Day on which a sale counts"),
    "period": _("Settled each"),
    "cumulative": _("The year as a whole"),
    "amount_basis": _("Which amounts count"),
    "tax_rate": _("Tax taken out"),
    "who": _("Who takes part"),
    "tier_on": _("Day whose tier counts"),
    "joining": _("Joining and leaving"),
    "measure": _("Bands are read from"),
    "qualify": _("Sales that count"),
    "pay": _("Sales paid on"),
    "mechanism": _("Mechanism"),
    "baseline": _("Baseline"),
    "gates": _("Gates"),
    "factors": _("Factors"),
    "caps": _("Caps"),
    "minimum_payout": _("Minimum payout"),
    "stacking": _("Other programmes"),
    "rounding": _("Rounding"),
    "returns": _("Returns"),
    "late": _("Late lines"),
    "dispute_days": _("Days for disputes"),
    "clause": _("Clause of the agreement"),
    "text": _("Text"),
    "text_zh": _("Chinese text"),
    "payout_as": _("Paid as"),
    "sign_off": _("Signature"),
    "budget": _("Budget"),
}


@dataclass(frozen=True)
class Amendment:
    """`lines` are those of `diff -u` without its heads; empty where only days of validity differ elsewhere."""

    before: Version
    after: Version
    was: str
    becomes: str
    lines: list[str]

    @property
    def parts(self) -> list[str]:
        """Names of the parts of the policy that differ, in the order of the programme's text."""
        was, becomes = spelled_alike(self.before.policy), spelled_alike(self.after.policy)
        return [str(words) for key, words in PARTS.items() if was.get(key) != becomes.get(key)]

    @property
    def figures(self) -> list[tuple[str, str]]:
        """The figures and choices that differ, each with the part's name: ("Mechanism", "rate: 5% → 6%")."""
        was, becomes = spelled_alike(self.before.policy), spelled_alike(self.after.policy)
        return [
            (str(words), said)
            for key, words in PARTS.items()
            if was.get(key) != becomes.get(key)
            for said in amended_figures.told(key, was, becomes)
        ]

    @property
    def read_aloud(self) -> tuple[list[Piece], list[Piece]]:
        """Both sentences in pieces, each with whether the other one says something else there."""
        was, becomes = _WORDS.findall(self.was), _WORDS.findall(self.becomes)
        before: list[Piece] = []
        after: list[Piece] = []
        for kind, from_, to, from_after, to_after in difflib.SequenceMatcher(
            None, was, becomes, autojunk=False
        ).get_opcodes():
            for pieces, words in ((before, was[from_:to]), (after, becomes[from_after:to_after])):
                if words:
                    pieces.append((kind != "equal", "".join(words)))
        return before, after

    @property
    def reads_alike(self) -> bool:
        """Whether the sentence says the same of both: the change is in what it leaves out."""
        return self.was == self.becomes


def amendment(version: Version) -> Amendment | None:
    """None for a programme's first version."""
    before = (
        Version.objects.filter(programme=version.programme_id, number__lt=version.number)
        .select_related("programme")
        .order_by("-number")
        .first()
    )
    if before is None:
        return None
    was, becomes = (version_as_yaml(one, spelled_out=False).splitlines() for one in (before, version))
    lines = list(difflib.unified_diff(was, becomes, lineterm="", n=1))[2:]
    return Amendment(before, version, wording.sentence(before), wording.sentence(version), lines)
