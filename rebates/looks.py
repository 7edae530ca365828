"""What asks for a look in a computed settlement, one by one, with what finance answered.

A finding is its kind and its figures; `mark` is the hash of both. An answer belongs to a mark: computed again with the
same figures the finding stays answered, with other figures it asks again.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.core.cache import cache
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from prm.sealing.canonical import canonical_json
from prm.ui import formats, said
from prm.values.actor import Actor
from rebates import few_members, gaps, outliers
from rebates.models import FindingAnswer, Programme, SettlementRun
from rebates.run_totals import programme_totals

WHY = Actor.job("settlement")
# These stop the hand-over by themselves: no answer makes them good.
STOPPING = ("no_rate", "not_over")
KEPT_SECONDS = 3600


@dataclass(frozen=True)
class Asked:
    """A finding: `facts` are its figures as JSON, `source` what it was made of, `answers` the oldest first."""

    kind: str
    facts: dict[str, Any]
    source: Any = field(default=None, compare=False)
    answers: tuple[FindingAnswer, ...] = field(default=(), compare=False)

    @property
    def mark(self) -> str:
        return hashlib.sha256(canonical_json([self.kind, self.facts]).encode()).hexdigest()

    @property
    def words(self) -> str:
        return words(self.kind, self.facts)

    @property
    def in_each_language(self) -> said.InEach:
        """The words for the audit trail, where each reader has their own."""
        return said.InEach(lambda: self.words)


@dataclass(frozen=True)
class Found:
    """All findings of a settlement, and the two reads that most of them come from."""

    asked: list[Asked]
    outliers: list[outliers.Outlier]
    gaps: gaps.Gaps

    @property
    def unanswered(self) -> list[Asked]:
        return [one for one in self.asked if not one.answers]

    @property
    def answered_count(self) -> int:
        return len(self.asked) - len(self.unanswered)

    def of(self, *kinds: str) -> list[Asked]:
        return [one for one in self.asked if one.kind in kinds]


def found_in(run: SettlementRun) -> Found:
    """Findings of a computed run; a fixed number of queries, some of them over all lines of the month."""
    far, missing = outliers.outliers(run), gaps.gaps(run)
    asked = [
        *map(_of_outlier, far), *_of_computation(run), *_of_gaps(missing), *_of_budgets(programme_totals(run, WHY)),
    ]  # fmt: skip
    cache.set(_key(run), [one.mark for one in asked], KEPT_SECONDS)
    return Found(_answered(run, asked), far, missing)


def largest_outliers(run: SettlementRun, most: int) -> list[Asked]:
    """The first of them, with what was answered."""
    return _answered(run, list(map(_of_outlier, outliers.outliers(run, most=most))))


def counts(run: SettlementRun) -> tuple[int, int]:
    """How many findings there are and how many are answered; what a page found before is not looked for again."""
    marks = cache.get(_key(run))
    if marks is None:
        marks = [one.mark for one in found_in(run).asked]
    answers = FindingAnswer.objects.visible_to(WHY).filter(run=run, mark__in=marks)
    return len(marks), answers.order_by().values("mark").distinct().count()


def _key(run: SettlementRun) -> str:
    return f"rebates-looks:{run.pk}:{run.computed_at}".replace(" ", "T")


def _answered(run: SettlementRun, asked: list[Asked]) -> list[Asked]:
    answers: dict[str, list[FindingAnswer]] = defaultdict(list)
    for answer in FindingAnswer.objects.visible_to(WHY).of_run(run):
        answers[answer.mark].append(answer)
    return [Asked(one.kind, one.facts, one.source, tuple(answers.get(one.mark, ()))) for one in asked]


def digest(asked: Iterable[Asked]) -> str:
    """Of these findings, whatever their order: a page shows them, and its press means them and no others."""
    return hashlib.sha256("\n".join(sorted(one.mark for one in asked)).encode()).hexdigest()


def _of_outlier(one: outliers.Outlier) -> Asked:
    facts = {
        "partner": one.partner_id, "name": one.name, "programme": _named(one.programme), "currency": one.currency,
        "earned": str(one.earned), "middle": str(one.middle),
    }  # fmt: skip
    return Asked(f"outlier_{one.kind}", facts, one)


def _of_computation(run: SettlementRun) -> list[Asked]:
    return [
        Asked(finding["kind"], {name: value for name, value in finding.items() if name != "kind"}, finding)
        for finding in run.findings
        if finding["kind"] not in STOPPING
    ]


def _of_gaps(missing: gaps.Gaps) -> list[Asked]:
    partners = [
        Asked(kind, {"count": some.count, "first": [row.number for row in some.rows]}, some)
        for kind, some in (
            ("without_tier", missing.without_tier), ("without_figure", missing.without_figure),
        )
        if some.count
    ]  # fmt: skip
    lines = [
        Asked(
            "uncounted",
            {"name": one.name, "currency": one.currency, "lines": one.lines, "amount": str(one.amount)},
            one,
        )
        for one in missing.uncounted
    ]
    nameless = missing.nameless_returns
    return [*partners, *lines, *([Asked("nameless_returns", {"count": nameless})] if nameless else [])]


def _of_budgets(rows: list[dict[str, Any]]) -> list[Asked]:
    return [
        Asked(
            "budget",
            {"programme": _named(row["programme"]), "currency": row["currency"], "time": str(row["budget"].time),
             "amount": str(row["budget"].amount), "used": str(row["budget"].used)},
            row,
        )
        for row in rows
        if row["budget"] and row["budget"].tone
    ]  # fmt: skip


def _named(programme: Programme) -> list[str]:
    return [programme.name, programme.name_zh]


# In words


def words(kind: str, facts: dict[str, Any]) -> str:
    """A finding in a sentence of the reader's language."""
    if kind.startswith("outlier_"):
        return _("%(partner)s, %(programme)s: %(earned)s, usual would be %(middle)s") % {
            "partner": facts["name"], "programme": few_members.programme_in_language(facts["programme"]),
            "earned": _money(facts, "earned"), "middle": _money(facts, "middle"),
        }  # fmt: skip
    if kind == "budget":
        return _("%(programme)s: %(used)s of a budget of %(amount)s") % {
            "programme": few_members.programme_in_language(facts["programme"]), "used": _money(facts, "used"),
            "amount": _money(facts, "amount"),
        }  # fmt: skip
    if kind in _GAPS:
        return _GAPS[kind](facts)
    return _of_what_was_left_out(kind, facts)


def _of_what_was_left_out(kind: str, facts: dict[str, Any]) -> str:
    programme = ", ".join(facts.get("programmes", [facts.get("programme", "")]))
    if kind == "other_currency":
        return _("%(programme)s: %(count)s lines in %(currency)s were not counted") % {
            "programme": programme, "count": formats.number(facts["lines"]), "currency": facts["currency"],
        }  # fmt: skip
    if kind == "no_day":
        return ngettext(
            "%(programme)s: %(count)s line lacks the day by which it counts",
            "%(programme)s: %(count)s lines lack the day by which they count",
            facts["lines"],
        ) % {"programme": programme, "count": formats.number(facts["lines"])}
    if kind == "few_members":
        return few_members.words(facts)
    values = {"programme": programme, "count": formats.number(facts["partners"]), "period": facts["period"]}
    if kind == "settled_outside_without_lines":
        return (
            ngettext(
                "%(programme)s: %(count)s partner has late lines in %(period)s that were not counted",
                "%(programme)s: %(count)s partners have late lines in %(period)s that were not counted",
                facts["partners"],
            )
            % values
        )
    return (
        ngettext(
            "%(programme)s: %(count)s partner is left out of %(period)s",
            "%(programme)s: %(count)s partners are left out of %(period)s",
            facts["partners"],
        )
        % values
    )


_GAPS = {
    "without_tier": lambda facts: ngettext(
        "%(count)s partner has figures and no tier", "%(count)s partners have figures and no tier", facts["count"]
    ) % {"count": formats.number(facts["count"])},
    "without_figure": lambda facts: ngettext(
        "%(count)s partner bought and has no figure", "%(count)s partners bought and have no figure", facts["count"]
    ) % {"count": formats.number(facts["count"])},
    "uncounted": lambda facts: ngettext(
        "%(name)s: %(count)s line over %(money)s that no programme counts",
        "%(name)s: %(count)s lines over %(money)s that no programme counts",
        facts["lines"],
    ) % {"name": facts["name"], "count": formats.number(facts["lines"]), "money": _money(facts, "amount")},
    "nameless_returns": lambda facts: ngettext(
        "%(count)s return names no line that it reverses", "%(count)s returns name no line that they reverse",
        facts["count"],
    ) % {"count": formats.number(facts["count"])},
}  # fmt: skip


def _money(facts: dict[str, Any], name: str) -> str:
    return formats.money(Decimal(facts[name]), facts["currency"])
