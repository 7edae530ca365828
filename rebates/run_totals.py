"""A settlement's totals by programme, beside the programme's last settled period and its budget."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Q, Sum

from prm.values.actor import Actor
from prm.values.periods import Period
from rebates.budgets import LEVELS, share_of
from rebates.models import Programme, Result, RunScope, SettlementRun

ZERO = Decimal("0.00")
Key = tuple[int, str]  # programme and currency


@dataclass(frozen=True)
class Budget:
    """What a programme may cost in `time`, and what it costs with this settlement."""

    time: Period
    amount: Decimal
    used: Decimal
    levels: tuple[int, ...]

    @property
    def share(self) -> int:
        return share_of(self.used, self.amount)

    @property
    def tone(self) -> str:
        if self.used > self.amount:
            return "bad"
        return "warn" if any(self.used * 100 >= self.amount * level for level in self.levels) else ""


def settled_sums(run: SettlementRun, decided: dict[str, Decimal]) -> list[tuple[str, Decimal]]:
    """What the run's figures and the manual adjustments that it posts (`decided`, see `posted_sums`) add up to, by
    currency: the same sum wherever a settlement stands as one figure.
    """
    sums = dict(decided)
    for row in run.totals:
        code = row["currency"]
        sums[code] = sums.get(code, ZERO) + Decimal(row["earned"]) + Decimal(row["adjusted"])
    return sorted(sums.items())


def programme_totals(run: SettlementRun, actor: Actor) -> list[dict[str, Any]]:
    """By programme and currency: what `by_programme` says, `before` (None: no period before), `change` in per cent,
    `budget` (a Budget or None) and the `scope` that the run settles (None: adjustments only).
    """
    results = Result.objects.visible_to(actor)
    programmes = Programme.objects.in_bulk()
    scopes = {scope.programme_id: scope for scope in run.scopes.select_related("version")}
    totals = list(results.by_programme(run))
    before, budgets = _before(run, results), _budgets(run, scopes, results)
    rows = []
    for row in totals:
        key = (row["programme_id"], row["currency"])
        amount, last = row["earned"] + row["adjusted"], before.get(key)
        rows.append(
            {
                **row, "programme": programmes[row["programme_id"]], "scope": scopes.get(row["programme_id"]),
                "before": last, "change": _change(amount, last), "budget": budgets.get(key),
            }
        )  # fmt: skip
    return sorted(rows, key=lambda row: (row["programme"].code, row["currency"]))


def sums_of(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The last rows of the table by programme: a sum of each column for every currency that it has.

    Bases are not added up: programmes count the same lines, or pieces instead of money. A partner of two programmes is
    one partner: how many there are says the run. What a programme without a period before lacks, the sum lacks too.
    """
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        one = found.setdefault(row["currency"], {"currency": row["currency"], "before": None})
        for name in ("accrued", "earned", "adjusted"):
            one[name] = one.get(name, ZERO) + row[name]
        if row["before"] is not None:
            one["before"] = (one["before"] or ZERO) + row["before"]
    for one in found.values():
        one["change"] = _change(one["earned"] + one["adjusted"], one["before"])
    return [found[code] for code in sorted(found)]


def _change(amount: Decimal, before: Decimal | None) -> int | None:
    if not before:
        return None
    return int(((amount - before) * 100 / abs(before)).to_integral_value())


def _before(run: SettlementRun, results: Any) -> dict[Key, Decimal]:
    """What the settlement of each programme's period before this one came to."""
    scopes = (
        RunScope.objects.filter(
            programme__in=run.scopes.values("programme_id"),
            run__state__in=("closed", "paid"),
            ends__lt=run.ends,
        )
        .order_by("programme_id", "-ends")
        .distinct("programme_id")
    )
    mine = Q(pk__in=[])
    for run_id, programme_id in scopes.values_list("run_id", "programme_id"):
        mine |= Q(run_id=run_id, programme_id=programme_id)
    rows = results.filter(mine).order_by().values_list("programme_id", "currency")
    return {
        (programme_id, currency): earned + adjusted
        for programme_id, currency, earned, adjusted in rows.annotate(
            was_earned=Sum("earned"), was_adjusted=Sum("adjusted")
        )
    }


def _budgets(run: SettlementRun, scopes: dict[int, RunScope], results: Any) -> dict[Key, Budget]:
    """The budgets of the versions that the run settles, used up by closed settlements and by this one."""
    wanted, mine = {}, Q(pk__in=[])
    for scope in scopes.values():
        rules = scope.version.policy.get("budget")
        if rules:
            time = Period.of("year", scope.period.last_day) if rules.get("per") == "year" else scope.period
            wanted[scope.programme_id] = (scope.version, rules, time)
            mine |= Q(programme_id=scope.programme_id, starts__gte=time.start, ends__lte=time.end)
    if not wanted:
        return {}
    settled = Q(run__state__in=("closed", "paid")) | Q(run=run)
    rows = results.filter(mine, settled).order_by().values_list("programme_id")
    used = {
        programme_id: earned + adjusted
        for programme_id, earned, adjusted in rows.annotate(
            was_earned=Sum("earned"), was_adjusted=Sum("adjusted")
        )
    }
    return {
        (programme_id, version.paid_in): Budget(
            time, Decimal(rules["amount"]), used.get(programme_id, ZERO), tuple(rules.get("warn_at", LEVELS))
        )
        for programme_id, (version, rules, time) in wanted.items()
    }
