"""Exchange rates from a file. They wait for a second person like those that are typed in, all of a source together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from prm.exchange.book import policy_of_tenant
from prm.exchange.errors import OtherDirection, RateExists, RateWaits
from prm.exchange.models import PLACES, Batch, Rate
from prm.exchange.services import Quoted, propose_rates, refuse_known
from prm.exchange.unlikely import far_off
from prm.spreadsheets import cells, reasons
from prm.spreadsheets.models import ImportRow
from prm.spreadsheets.registry import Column, ImportKind, RowRefused, import_kind
from prm.spreadsheets.staging import Staged
from prm.ui import formats
from prm.values import clock
from prm.values.actor import Actor
from prm.values.errors import DomainError

reasons.register(
    same_currency=_("A rate is between two currencies."),
    rate_not_above_zero=_("A rate is above zero."),
    rate_of_tomorrow=_("Nobody knows the rate of a day to come."),
    rate_far_off=_(
        "The last one known is %(known)s of %(known_day)s: this is %(percent)s. Is it meant so? Then write yes under"
        " meant."
    ),
    rate_twice=_("Row %(row)s has a rate of this source, pair and day already."),
    rate_differs=_("On file it is %(known)s. To correct it, write yes under corrects."),
    rate_waits=_("It was entered already and waits for its confirmation."),
    rate_other_way=_("On file it stands as %(pair)s. Write it that way round."),
)
CODES = {RateExists: "rate_differs", RateWaits: "rate_waits", OtherDirection: "rate_other_way"}


@import_kind
class ExchangeRates(ImportKind):
    """One row a rate; what is on file and the same is skipped."""

    name = "exchange-rates"
    title = _("Exchange rates")
    verb = "exchange.propose"
    columns = (
        Column("day", _("day"), cells.day(), True, ("date",), "2026-09-30", _("The day of the rate.")),
        Column("base", _("one unit of"), cells.currency, True, ("from", "currency", "base currency"),
               "EUR", _("ISO code: of which one unit is worth the rate.")),
        Column("quote", _("is worth, in"), cells.currency, True, ("to", "quote currency", "target"),
               "USD", _("ISO code: in which the rate is said.")),
        Column("rate", _("rate"), cells.amount(places=PLACES, positive=True), True, ("value", "exchange rate"),
               "1.10", _("Above zero; at most eight decimals.")),
        Column("source", _("source"), cells.words(40), False, (),
               "ECB", _("Who says so. Empty: the source that programmes compute with.")),
        Column("corrects", _("corrects"), cells.YES_NO, False, ("correction",),
               "no", _("yes: where another rate is on file, this one corrects it. Empty: no.")),
        Column("meant", _("meant"), cells.YES_NO, False, (),
               "no", _("yes: the rate is meant so, though it is far from the last one known of its pair. Empty: no.")),
    )  # fmt: skip
    chinese = {
        "day": "日期 汇率日期",
        "base": "原币种 基准币种 外币",
        "quote": "目标币种 报价币种 本币",
        "rate": "汇率",
        "source": "来源 汇率来源",
        "corrects": "更正 是否更正",
        "meant": "确认无误 是否确认",
    }
    shown = ("day", "base", "quote", "rate", "source")

    def check_row(self, values: dict[str, str]) -> Iterable[tuple[str, str, dict[str, Any]]]:
        if values["base"] == values["quote"]:
            yield "quote", "same_currency", {}
        if not Decimal(values["rate"]):
            yield "rate", "rate_not_above_zero", {}
        if date.fromisoformat(values["day"]) > clock.today():
            yield "day", "rate_of_tomorrow", {}

    def compare(self, staged: Staged, *, by: Actor) -> None:
        default = policy_of_tenant().source
        rows = list(staged.good_rows())
        heads = Rate.objects.heads(
            (source, one.base, one.quote, one.day) for source, one in (_read(row, default) for row in rows)
        )
        seen: dict[Any, int] = {}
        same = []
        self._ask_of_far_ones(staged, rows, default)
        for row in rows:
            source, one = _read(row, default)
            slot = (source, frozenset((one.base, one.quote)), one.day)
            if slot in seen:
                staged.refuse(RowRefused(row.number, field="day", code="rate_twice", row=seen[slot]))
                continue
            seen[slot] = row.number
            head = heads.get(slot)
            if head is None:
                continue
            if (head.base, head.quote, head.value) == (
                one.base,
                one.quote,
                one.value,
            ) and head.batch.state != "rejected":
                same.append(row.number)
                continue
            self._refuse(staged, row, head, one)
        staged.same(where="r.number = ANY(%(same)s)", same=same)

    def _ask_of_far_ones(self, staged: Staged, rows: list[ImportRow], default: str) -> None:
        """A rate that is far from the last one known of its pair is a bad row until the file says that it is meant."""
        read = [(row, _read(row, default)[1]) for row in rows]
        unlikely = {(one.pair, one.day, one.value): one for one in far_off([one for _row, one in read])}
        for row, one in read:
            found = unlikely.get((one.pair, one.day, one.value))
            if found is not None and row.values.get("meant") != "yes":
                told = found.said | {"day": found.day.isoformat(), "known_day": formats.day(found.known_day)}
                staged.refuse(RowRefused(row.number, field="rate", code="rate_far_off", **told))

    def _refuse(self, staged: Staged, row: ImportRow, head: Rate, one: Quoted) -> None:
        try:
            refuse_known(head, one, correct=row.values.get("corrects") == "yes")
        except DomainError as refused:
            told = {"known": formats.all_digits(head.value), "pair": f"{head.base}/{head.quote}"}
            staged.refuse(RowRefused(row.number, field="rate", code=CODES[type(refused)], **told))

    def facts(self, staged: Staged) -> list[dict[str, Any]]:
        values = staged.good_values()
        if not values:
            return []
        days = sorted(row["day"] for row in values)
        return [{"code": "rates", "values": {"count": len(values), "first": days[0], "last": days[-1]}}]

    def fact_text(self, code: str, values: dict[str, Any]) -> str:
        words = ngettext(
            "%(count)s rate from %(first)s to %(last)s, to be confirmed by somebody else",
            "%(count)s rates from %(first)s to %(last)s, to be confirmed by somebody else",
            values["count"],
        )
        days = {name: formats.day(date.fromisoformat(values[name])) for name in ("first", "last")}
        return words % ({"count": values["count"]} | days)

    def write(self, staged: Staged, *, by: Actor) -> int:
        default = policy_of_tenant().source
        by_source: dict[str, list[Quoted]] = defaultdict(list)
        for row in staged.good_rows():
            source, one = _read(row, default)
            by_source[source].append(one)
        for source, rates in sorted(by_source.items()):
            # Whether a row may correct what is on file was asked row by row, a moment ago and under the same lock.
            propose_rates(
                source=source, rates=rates, by=by, correct=True, anyway=True, kind=Batch.Kind.FILE,
                note=staged.upload.file_name[:200],
            )  # fmt: skip
        return sum(map(len, by_source.values()))


def _read(row: ImportRow, default: str) -> tuple[str, Quoted]:
    values = row.values
    day, value = date.fromisoformat(values["day"]), Decimal(values["rate"])
    return values.get("source") or default, Quoted(values["base"], values["quote"], day, value)
