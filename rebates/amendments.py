"""What a version of a programme changes against the one before: read aloud, and line by line of its text."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from rebates import wording
from rebates.exchange import version_as_yaml
from rebates.models import Version


@dataclass(frozen=True)
class Amendment:
    """`lines` are those of `diff -u` without its heads; empty where only days of validity differ elsewhere."""

    before: Version
    after: Version
    was: str
    becomes: str
    lines: list[str]

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
    was, becomes = version_as_yaml(before).splitlines(), version_as_yaml(version).splitlines()
    lines = list(difflib.unified_diff(was, becomes, lineterm="", n=1))[2:]
    return Amendment(before, version, wording.sentence(before), wording.sentence(version), lines)
