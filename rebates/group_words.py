"""What a member of a group reads of its figure: its own sum, those of the whole group, and its share."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _

from prm.ui import formats
from rebates import arithmetic
from rebates.steps import Step


@dataclass(frozen=True)
class Group:
    """A group's sums behind a member's figure; `sum` is what the figure is shared by."""

    counted: Decimal  # before caps and increments
    payable: Decimal
    figure: Decimal
    sum: Decimal
    counting: Decimal | None = None  # what of that counts behind gates and factors, where a policy has any
    own: Decimal = Decimal(1)  # the member's own factor behind them

    @property
    def is_weighed(self) -> bool:
        """Whether gates and factors move the figure: not one that is not above zero."""
        return self.counting is not None and self.figure > 0

    @property
    def shares(self) -> Decimal:
        """By what the figure is shared."""
        return self.counting if self.counting is not None and self.is_weighed else self.sum


def group_of(result: Any) -> Group | None:
    """The group behind a figure; None where the partner is computed by itself."""
    said = result.explanation.get("grouped")
    if not said or "withheld" in said:
        return None
    figures = arithmetic.Figures.of(result)
    return Group(
        Decimal(said["counted"] or figures.qualifier),  # not kept of figures without a cap before
        Decimal(said["payable"] or figures.base),
        Decimal(said["figure"]),
        arithmetic.shown(Fraction(said["sum"]) / Fraction(said["parts"])),
        arithmetic.shown(Fraction(said["counting"]) / Fraction(said["parts"]))
        if "counting" in said
        else None,
        Decimal(said.get("own", 1)),
    )


def is_withheld(result: Any) -> bool:
    """Whether so few members stand behind a sum of the group that it would tell another's."""
    return "withheld" in result.explanation.get("grouped", {})


def band_of(result: Any) -> str:
    """The band's number as a column shows it; "—" where the policy has no bands, or its group's is not told."""
    is_told = "bands" in result.version.policy["mechanism"] and not is_withheld(result)
    return str(result.band) if is_told else "—"


def tells_own_only(result: Any) -> bool:
    """The same, or so few partners share a cap that lowers their figures."""
    pooled = result.explanation.get("pooled", {})
    return is_withheld(result) or ("withheld" in pooled and bool(pooled["lowered"]))


def _why_withheld(notes: dict[str, Any]) -> str:
    if "early" in notes["grouped"]:
        return _(
            "Only this partner's own sum and share are told: nothing of the group's year, until the period before is"
            " settled"
        )
    if "cumulative" in notes:
        return _(
            "Only this partner's own sum and share are told: fewer than four partners stand behind a sum of the group,"
            " or behind what it moved since the year was told before"
        )
    return _(
        "Only this partner's own sum and share are told: fewer than four partners stand behind a sum of the group"
    )


def _counts_nothing(notes: dict[str, Any]) -> bool:
    """Whether its own gates and factors leave nothing of a member's part."""
    asked = arithmetic.by_measures(notes, arithmetic.through_gates(notes, Fraction(1)))
    return not arithmetic.by_collection(notes, asked)


def _own_part(notes: dict[str, Any], group: Group) -> str:
    """How much of a member's part counts; behind a collection factor as the fraction that it is."""
    said = notes.get("collection")
    if not said:
        return formats.number(group.own, None)
    own = arithmetic.shown(arithmetic.by_measures(notes, arithmetic.through_gates(notes, Fraction(1))))
    collected, due = (formats.number(Decimal(said[name]), None) for name in ("collected", "due"))
    return f"{formats.number(own, None)} × {collected} ÷ {due}" if own != 1 else f"{collected} ÷ {due}"


def share(result: Any, group: Group | None, value: Decimal) -> str:
    """How a member's share, `value`, comes from its own sum; or why it has none, which is its own to know."""
    if group is None:
        if not value and _counts_nothing(result.explanation):
            return _("Nothing of this partner's part counts behind its own gates and factors")
        return _why_withheld(result.explanation)
    words = {
        "own": formats.amount(result.base),
        "sum": formats.amount(group.shares),
        "part": _own_part(result.explanation, group),
        "figure": formats.money(group.figure, result.version.currency),
    }
    own = group.own if group.is_weighed else 1
    if result.base * group.shares * own <= 0:
        text = _("The group's %(figure)s is shared by what each is paid on; this partner has no part in it")
        return text % words
    if group.is_weighed:
        text = _(
            "The group's %(figure)s is shared by what of each counts behind its own gates and factors: of %(sum)s in"
            " all this partner's are %(own)s × %(part)s. %(figure)s × %(own)s × %(part)s ÷ %(sum)s, to the cent by"
            " largest remainder"
        )
        return text % words
    text = _(
        "The group's %(figure)s is shared by what each is paid on: of %(sum)s in all this partner's are %(own)s."
        " %(figure)s × %(own)s ÷ %(sum)s, to the cent by largest remainder"
    )
    return text % words


def of_members(result: Any, value: Fraction) -> list[Step]:
    """How much of the group's figure counts behind the gates and factors of its members."""
    group = group_of(result)
    if group is None or group.counting is None or value <= 0:
        return []
    words = {"sum": formats.amount(group.sum), "counting": formats.number(group.counting, None)}
    text = _(
        "Of the %(sum)s that members are paid on, %(counting)s count behind each one's own gates and factors"
    )
    return [Step(7, _("Gates and factors of the members"), text % words, arithmetic.shown(value))]


def pool_untold(result: Any) -> str:
    """What is said of a cap over all partners where the sum of all is not told, and why."""
    said = result.explanation["pooled"]
    words = {
        "amount": formats.money(Decimal(said["amount"]), result.version.currency),
        "own": formats.exact_money(arithmetic.shown(Fraction(said["own"])), result.version.currency),
    }
    if not said["lowered"] or Decimal(said["own"]) <= 0:
        return _("At most %(amount)s for all partners together; this partner comes to %(own)s") % words
    if "early" in said:
        text = _(
            "At most %(amount)s for all partners together; until the period before is settled, only this partner's own"
            " %(own)s and its share are told"
        )
    elif "moved" in said:
        text = _(
            "At most %(amount)s for all partners together; fewer than four moved what all come to since it was told"
            " before, so that only this partner's own %(own)s and its share are told"
        )
    else:
        text = _(
            "At most %(amount)s for all partners together; fewer than four share it, so that only this partner's own"
            " %(own)s and its share are told"
        )
    return text % words
