"""What limits a programme's payout, in words: a sentence for each."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from prm.conditions.registry import lowered
from prm.measures import registry
from prm.ui import formats
from prm.ui.formats import filled
from rebates.collection import steps_of
from rebates.links import BEST_OF, NET_OF, in_order, stacked_on
from rebates.measure_factors import factors_of
from rebates.mechanisms import bands_of
from rebates.minimums import Kept, kept_on
from rebates.models import Programme, Statement
from rebates.numbers_in_words import measured, money, percent
from rebates.partner_pools import is_family, is_group
from rebates.traits import SIGNATURE, gates_of


def limits(policy: dict[str, Any], code: str) -> list[str]:
    """The sentences, in the order of operations. `code`: of the policy's programme; "" while it has none."""
    caps = policy.get("caps", [])
    return [
        *(str(_FAMILY_WORDS if is_family(policy) else _GROUP_WORDS) for _one in [is_group(policy)] if _one),
        *(cap_on_measure(policy, cap) for cap in caps if cap["on"] == "measure"),
        *(gates(policy) for _gate in policy.get("gates", [])[:1]),
        *(str(SIGN_OFF[policy["sign_off"]]) for _key in [policy.get("sign_off")] if _key),
        *(factor(one) for one in factors_of(policy)),
        *(collection(policy) for _step in steps_of(policy)[:1]),
        *([members(policy)] if is_group(policy) and _asks(policy) else []),
        *(
            filled(_NET_WORDS[is_group(policy)], {"programmes": programmes(codes)})
            for codes in [stacked_on(policy, NET_OF)]
            if codes
        ),
        *(cap_on_payout(policy, cap) for cap in caps if is_own_cap(cap)),
        *(cap_on_payout(policy, cap) for cap in caps if "programmes" in cap or cap.get("over") == "partners"),
        *(best_of_words(in_order(code, named), code) for named in [stacked_on(policy, BEST_OF)] if named),
        *(minimum(policy) for _key in [policy.get("minimum_payout")] if _key),
        *(str(PAID_AS[policy["payout_as"]]) for _key in [policy.get("payout_as")] if _key),
    ]


_GROUP_WORDS = gettext_lazy(
    "They count as one group: what all of them buy counts together, and the payout is shared by what each is paid on,"
    " to the cent by largest remainder."
)
_FAMILY_WORDS = gettext_lazy(
    "Each parent partner counts with its branches as one group: what they buy counts together, and the payout is shared"
    " by what each is paid on, to the cent by largest remainder."
)
# Of each partner, and of each member of a group.
_NET_WORDS = (
    gettext_lazy("What is paid by %(programmes)s is taken off the base first."),
    gettext_lazy(
        "What each member is paid by %(programmes)s is taken off its own base first; what is left shares the payout."
    ),
)
_BEST_WORDS = gettext_lazy(
    "Of %(programmes)s only the one that pays most pays; of equal ones the one that is named first."
)


PAID_AS = {
    "wallet": gettext_lazy("It is paid into the wallet for orders."),
    "goods": gettext_lazy("It is paid in goods."),
    "credit_note": gettext_lazy("It is paid by credit note."),
}
SIGN_OFF = {
    "wanted": gettext_lazy("Partners are asked to sign this version."),
    "before_accrual": gettext_lazy(
        "Anything above zero accrues only after the partner has signed this version."
    ),
}


def _gated(policy: dict[str, Any]) -> bool:
    return bool(policy.get("gates") or policy.get("sign_off") == "before_accrual")


def _asks(policy: dict[str, Any]) -> bool:
    return _gated(policy) or bool(policy.get("factors"))


def members(policy: dict[str, Any]) -> str:
    """That what a group's members are asked, each meets by itself, and who gets what one of them loses."""
    if not policy.get("factors"):
        return _("Each member must meet this by itself; the share of one that does not falls to nobody.")
    if not _gated(policy):
        return _("Each member's share counts by its own factors; what it loses falls to nobody.")
    return _("Each member's share counts by its own gates and factors; what it loses falls to nobody.")


def measure_name(code: str) -> str:
    """What a certificate, a score or a figure is called; its code where nothing is registered under it."""
    measure = registry.find(code)
    return str(measure.label) if measure else code


def gates(policy: dict[str, Any]) -> str:
    asked = pgettext("between gates that are all to be met", " and ").join(
        lowered(gate(one)) for one in gates_of(policy)
    )
    return _("Anything above zero is paid only with %(gates)s.") % {"gates": asked}


def figure(code: str, number: Decimal) -> str:
    """A figure that a gate or a factor reads, as its measure has it: money in the tenant's currency, or a number."""
    measure = registry.find(code)
    if measure is None or measure.unit != "money":
        return formats.number(number, None)
    return money(str(number), connection.tenant.currency)


def with_unit(code: str, label: str) -> str:
    """A measure's name where amounts are typed for it: with the currency in which they are read."""
    measure = registry.find(code)
    if measure is None or measure.unit != "money":
        return label
    return _("%(name)s, %(unit)s") % {"name": label, "unit": connection.tenant.currency}


def gate(one: dict[str, str]) -> str:
    """What a gate asks for."""
    if one["code"] == SIGNATURE:
        return _("the partner's signature under this version")
    words = {"name": measure_name(one["code"]), "least": figure(one["code"], Decimal(one["at_least"]))}
    if one["kind"] == "certificate":
        return filled(_("at least %(least)s × %(name)s on the period's last day"), words)
    return filled(_("%(name)s of at least %(least)s in the period"), words)


def factor_bands(one: dict[str, Any]) -> str:
    """The shares by bands of a factor."""
    rows = [
        _("%(share)s from %(from)s")
        % {"share": percent(band["factor"]), "from": figure(one["code"], Decimal(band["from"]))}
        for band in one["bands"]
    ]
    return pgettext("between the words of a list", ", ").join([*rows, _("below nothing")])


def factor(one: dict[str, Any]) -> str:
    words = {"name": lowered(measure_name(one["code"])), "bands": factor_bands(one)}
    return filled(_("How much of the rebate counts goes by %(name)s in the period: %(bands)s."), words)


def factor_found(one: dict[str, Any], found: Decimal, share: str) -> str:
    words = {"name": measure_name(one["code"]), "found": figure(one["code"], found), "share": percent(share)}
    return _("%(name)s: %(found)s, so %(share)s counts") % words


def collection_steps(policy: dict[str, Any]) -> str:
    """The shares by days, shortest first."""
    rows = [
        ngettext("%(share)s within %(days)s day", "%(share)s within %(days)s days", step["days"])
        % {"share": percent(step["factor"]), "days": step["days"]}
        for step in steps_of(policy)
    ]
    return pgettext("between the words of a list", ", ").join([*rows, _("later nothing")])


def collection(policy: dict[str, Any]) -> str:
    words = {"steps": collection_steps(policy)}
    return _("How much of each invoice counts goes by the days until it is paid: %(steps)s.") % words


def minimum(policy: dict[str, Any]) -> str:
    words = {"amount": money(policy["minimum_payout"], policy.get("payout_currency", policy["currency"]))}
    return _("Less than %(amount)s is not paid but carried forward.") % words


def kept_rows(statement: Statement) -> list[dict[str, Any]]:
    """What a statement keeps and why, programme by programme: {"programme", "words", "now"}."""
    return [
        {"programme": one.programme, "words": kept(one, statement.currency), "now": one.now}
        for one in kept_on(statement)
    ]


def kept(kept: Kept, currency: str) -> str:
    """What a statement keeps of a programme, and why; or that it pays what was kept before."""
    least = kept.minimum or 0
    words = {
        "minimum": formats.money(least, currency),
        "before": formats.money(kept.before, currency),
        "now": formats.money(kept.now, currency),
    }
    if kept.minimum is None:
        return _("%(before)s were carried forward and are settled now: nothing is kept back any more") % words
    if not kept.now:
        return _("%(before)s were carried forward: together it comes to the minimum of %(minimum)s") % words
    if kept.before:
        return _("%(before)s were carried forward: together below the minimum of %(minimum)s") % words
    return _("Below the minimum of %(minimum)s") % words


def programmes(codes: Iterable[str], own: str | None = None) -> str:
    """Names of programmes, as a list in words; the code where nothing has it. `own`: the one that the text is about."""
    codes = list(codes)
    names = {row.code: str(row) for row in Programme.objects.filter(code__in=codes)}
    if own is not None:
        names[own] = _("this programme")
    return pgettext("between the words of a list", ", ").join(names.get(code, code) for code in codes)


def best_of_words(order: Iterable[str], own: str) -> str:
    """That of these programmes, `own` among them, one pays: where two come to the same, the earlier in this order."""
    return filled(_BEST_WORDS, {"programmes": programmes(order, own)})


def cap_on_measure(policy: dict[str, Any], cap: dict[str, Any]) -> str:
    bands, of = bands_of(policy), cap.get("of", "both")
    units = bands.pays_units if of == "base" else bands.reads_units
    words = {"amount": measured(cap["amount"], "" if units else policy["currency"])}
    if of == "qualifier":
        return _("At most %(amount)s count towards the band; what is paid on is not capped.") % words
    if of == "base":
        return _("At most %(amount)s are paid on.") % words
    return _("At most %(amount)s count and are paid on.") % words


def idle_cap(policy: dict[str, Any]) -> list[str]:
    """A warning where a cap is on what counts and nothing is read from that: it would lower no rebate."""
    rules = policy["mechanism"]
    reads_base = rules["kind"] in ("flat", "per_unit", "per_unit_stepped", "per_increment", "spif")
    if not reads_base and not (
        rules["kind"] == "marginal" and rules.get("split", "own_bands") == "own_bands"
    ):
        return []
    capped = any(cap["on"] == "measure" and cap.get("of") == "qualifier" for cap in policy.get("caps", []))
    words = _(
        "The cap on what counts changes nothing here: the rebate is read from what is paid on. Cap that, or both."
    )
    return [words] if capped else []


def is_own_cap(cap: dict[str, Any]) -> bool:
    """Whether a cap is on what one partner is paid by one programme."""
    return cap["on"] == "payout" and "programmes" not in cap and cap.get("over") != "partners"


def cap_on_payout(policy: dict[str, Any], cap: dict[str, Any]) -> str:
    words = {"amount": money(cap["amount"], policy["currency"])}
    so_far = bool(policy.get("cumulative"))
    if "programmes" in cap:
        words["programmes"] = programmes(cap["programmes"])
        return filled(_SHARED_WORDS[so_far], words)
    if cap.get("over") == "partners":
        return filled(_POOLED_WORDS[so_far], words)
    if is_family(policy):
        return filled(_FAMILY_CAP_WORDS[so_far], words)
    if is_group(policy):
        return filled(_GROUP_CAP_WORDS[so_far], words)
    return filled(_CAP_WORDS[so_far], words)


# Each for a period, and for a year of which all is counted so far.
_SHARED_WORDS = (
    gettext_lazy("Together with %(programmes)s a partner is paid at most %(amount)s a period."),
    gettext_lazy("Together with %(programmes)s a partner is paid at most %(amount)s for the year so far."),
)
_POOLED_WORDS = (
    gettext_lazy("All partners together are paid at most %(amount)s a period, each in proportion."),
    gettext_lazy(
        "All partners together are paid at most %(amount)s for the year so far, each in proportion."
    ),
)
_FAMILY_CAP_WORDS = (
    gettext_lazy("Each group is paid at most %(amount)s a period."),
    gettext_lazy("Each group is paid at most %(amount)s for the year so far."),
)
_GROUP_CAP_WORDS = (
    gettext_lazy("All of them together are paid at most %(amount)s a period."),
    gettext_lazy("All of them together are paid at most %(amount)s for the year so far."),
)
_CAP_WORDS = (
    gettext_lazy("A partner is paid at most %(amount)s a period."),
    gettext_lazy("A partner is paid at most %(amount)s for the year so far."),
)
