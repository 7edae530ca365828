"""Steps of an explanation that hang on other programmes or on all partners, and the figures around them."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from django.utils.translation import gettext as _

from prm.ui import formats
from rebates import arithmetic, group_words, limit_words
from rebates.steps import Figure, Step, computed_of, measured_of


def less(result: Figure) -> Decimal:
    """By how much earlier programmes moved the paid base towards zero."""
    return Decimal(result.explanation.get("net_of", {}).get("less", 0))


def net_of(result: Figure, title: str = "") -> list[Step]:
    said = result.explanation.get("net_of")
    if not said:
        return []
    words = _("Less what is paid by %(programmes)s: %(amount)s") % {
        "programmes": limit_words.programmes(said["codes"]),
        "amount": formats.money(Decimal(said["less"]), result.version.currency),
    }
    # Where a cap lowered the base too, it did so behind this step.
    paid_on = result.explanation.get("payable")
    left = result.base if paid_on is None else Decimal(paid_on) - less(result)
    return [Step(3, title or _("Paid base, net of earlier programmes"), words, left)]


def net_of_own(result: Figure) -> list[Step]:
    """The same of a member of a group: what is left of its own base."""
    if "grouped" not in result.explanation:
        return []
    is_withheld = group_words.is_withheld(result)
    return net_of(result, "" if is_withheld else _("Own paid base, net of earlier programmes"))


def shared_cap(result: Figure) -> list[Step]:
    said = result.explanation.get("shared")
    if not said:
        return []
    names = {
        "programmes": limit_words.programmes(said["codes"]),
        "amount": formats.money(Decimal(said["amount"]), result.version.currency),
        "sum": formats.exact_money(Decimal(said["sum"]), result.version.currency),
    }
    if not said["lowered"] or Decimal(said["own"]) <= 0:
        words = _("At most %(amount)s for %(programmes)s together; they come to %(sum)s")
        return [Step(8, _("Shared cap"), words % names, Decimal(said["own"]))]
    words = _("At most %(amount)s for %(programmes)s together; they come to %(sum)s, each keeps its share")
    return [Step(8, _("Shared cap"), words % names, before_the_best(result))]


def pooled(result: Figure) -> list[Step]:
    """The partner's own figure, the sum of all and the factor: nothing of any other partner."""
    said = result.explanation.get("pooled")
    if not said:
        return []
    own, most = Decimal(said["own"]), Decimal(said["amount"])
    if "withheld" in said:
        value = before_the_best(result) if said["lowered"] and own > 0 else own
        return [Step(8, _("Cap over all partners"), group_words.pool_untold(result), value)]
    pool = Decimal(said["sum"]) / Decimal(said["parts"])
    words = {
        "amount": formats.money(most, result.version.currency),
        "own": formats.exact_money(arithmetic.shown(Fraction(own)), result.version.currency),
        "sum": formats.exact_money(arithmetic.shown(Fraction(pool)), result.version.currency),
    }
    if not said["lowered"] or own <= 0:
        text = _(
            "At most %(amount)s for all partners together; they come to %(sum)s, this partner to %(own)s"
        )
        return [Step(8, _("Cap over all partners"), text % words, own)]
    words["factor"] = formats.number(arithmetic.shown(Fraction(most) / Fraction(pool)), None)
    text = _(
        "At most %(amount)s for all partners together; they come to %(sum)s, so each figure counts × %(factor)s:"
        " %(own)s × %(factor)s, to the cent by largest remainder"
    )
    return [Step(8, _("Cap over all partners"), text % words, before_the_best(result))]


def shares_a_cap(result: Figure) -> bool:
    """Whether a cap over several programmes or all partners lowered the figure, so that it is the part of a cap."""
    said = [result.explanation.get(name) for name in ("shared", "pooled")]
    return any(one and one["lowered"] and Decimal(one["own"]) > 0 for one in said)


def best_of(result: Figure) -> list[Step]:
    said = result.explanation.get("best")
    if not said:
        return []
    names = {
        "programmes": limit_words.programmes(said["codes"]),
        "winner": limit_words.programmes([said["winner"]]),
        "amount": formats.money(Decimal(said["paid"]), result.version.currency),
    }
    words = _("Of %(programmes)s only the best pays: %(winner)s with %(amount)s") % names
    return [Step(9, _("Best of the group"), words, measured_of(result))]


def before_the_best(result: Figure) -> Decimal:
    """The rounded figure before only the best of a group pays."""
    said = result.explanation.get("best")
    return Decimal(said["own"]) if said else computed_of(result)
