"""A policy in words. Made from the policy itself, so that text and calculation cannot differ."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import reduce
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from partners.models import Partner, Tier
from prm.ui import formats
from prm.ui.formats import filled
from rebates import currency_words, line_rounding, mechanism_words, tier_days, time_words
from rebates.credited import is_credited
from rebates.limit_words import limits, measure_name
from rebates.mechanisms import partners_named
from rebates.models import Payment, Version
from rebates.sales_words import listed


def gist(version: Version) -> str:
    """Who earns what, in the one sentence that says most."""
    policy = version.policy
    words = {"who": who(policy), "period": period(policy), "paid": mechanism_words.paid(policy)}
    if _is_one(policy):
        return _("%(who)s earns %(period)s %(paid)s.") % words
    return _("%(who)s earn %(period)s %(paid)s.") % words


def _is_one(policy: dict[str, Any]) -> bool:
    who = policy.get("who", {})
    return who.keys() <= {"partners", "as"} and len(partners_named(policy) or []) == 1


def sentence(version: Version) -> str:
    """Who earns what on which sales, in one sentence of the reader's language."""
    policy = version.policy
    return joined(
        [
            gist(version),
            rounding(policy),
            *mechanism_words.read_from(policy),
            *mechanism_words.new_partner(policy),
            *whose_sales(policy),
            *time_words.counted_on(policy),
            *currency_words.counted(policy),
            *time_words.year(policy),
            *time_words.returns(policy),
            *time_words.late(policy),
            *limits(policy, version.programme.code if version.programme_id else ""),
            *currency_words.paid(policy),
            *time_words.disputes(policy),
            *time_words.usual(policy),
        ]
    )


def joined(sentences: list[str]) -> str:
    """Sentences one after the other, as the language puts them."""
    return reduce(lambda said, more: _("%(said)s %(more)s") % {"said": said, "more": more}, sentences)


def whose_sales(policy: dict[str, Any]) -> list[str]:
    """That sales count which an agent is credited with; nothing where they are the partner's own purchases."""
    if not is_credited(policy):
        return []
    return [
        _("The sales are those that the agent is credited with, each by its share, and invoiced to others.")
    ]


def paid(payment: Payment, currency: str) -> str:
    """What happened to the money: where it is, or what somebody still has to do for the partner to get it."""
    words = {
        "money": formats.money(payment.amount, currency),
        "day": formats.day(payment.paid_on),
        "reference": payment.reference,
    }
    if payment.method == Payment.Method.WALLET:
        return _("%(money)s is in the partner's wallet for orders.") % words
    if payment.method == Payment.Method.GOODS:
        return (
            _("%(money)s is paid in goods. They are still to be delivered: confirm it here once they are.")
            % words
        )
    if payment.method == Payment.Method.CREDIT_NOTE:
        return (
            _("%(money)s is paid by credit note. It is still to be issued: confirm it here once it is.")
            % words
        )
    if payment.reference:
        return _("Paid: %(money)s on %(day)s, reference %(reference)s.") % words
    return _("Paid: %(money)s on %(day)s, without a reference.") % words


def release(day: date, reference: str) -> str:
    """Under which date and reference payments are released."""
    words = {"day": formats.day(day), "reference": reference}
    if reference:
        return _("paid on %(day)s, reference %(reference)s") % words
    return _("paid on %(day)s, without a reference") % words


def who(policy: dict[str, Any]) -> str:
    """Who takes part. Single partners are counted, never named: others of them read it too."""
    chosen = {name: part for name, part in policy.get("who", {}).items() if name != "as"}
    words = _of_tier_and_type(chosen)
    if tier_days.by_line(policy):
        words = _("%(who)s on the day of each sale") % {"who": words}
    if "regions" in chosen:
        words = filled(_("%(who)s in %(regions)s"), {"who": words, "regions": listed(chosen["regions"])})
    if "certificates" in chosen:
        held = _either([measure_name(code) for code in chosen["certificates"]])
        words = filled(_("%(who)s that hold %(certificates)s"), {"who": words, "certificates": held})
    count = len(partners_named(policy) or [])
    if count and not chosen.keys() - {"partners"}:
        return ngettext("%(count)s chosen partner", "%(count)s chosen partners", count) % {"count": count}
    if count:
        more = ngettext("%(count)s chosen partner", "%(count)s chosen partners", count) % {"count": count}
        return _("%(who)s, of these only %(chosen)s,") % {"who": words, "chosen": more}
    return words


def _of_tier_and_type(chosen: dict[str, Any]) -> str:
    tiers = tier_names(chosen.get("tiers", []))
    types = [str(Partner.Type(code).label) for code in chosen.get("types", [])]
    named = [tiers[code] for code in chosen.get("tiers", [])]
    if not named and not types:
        return _("All partners")
    if named and types:
        said = {"tiers": listed(named), "types": listed(types)}
        return filled(_("Partners of tier %(tiers)s and type %(types)s"), said)
    if named:
        return filled(_("Partners of tier %(tiers)s"), {"tiers": listed(named)})
    return filled(_("Partners of type %(types)s"), {"types": listed(types)})


def tier(code: str) -> str:
    """A tier's name; its code where the tier is gone."""
    return tier_names([code])[code]


def tier_names(codes: Iterable[str]) -> dict[str, str]:
    """Names by code, of every code that is asked for."""
    wanted = {code for code in codes if code}
    names = {tier.code: str(tier) for tier in Tier.objects.filter(code__in=wanted)}
    return {"": ""} | {code: names.get(code, code) for code in wanted}


def period(policy: dict[str, Any]) -> str:
    return {"month": _("each month"), "quarter": _("each quarter"), "year": _("each year")}[policy["period"]]


def rounding(policy: dict[str, Any]) -> str:
    """How it is rounded, and what."""
    even = policy.get("rounding", {}).get("mode", "half_up") == "half_even"
    if line_rounding.by_line(policy):
        if even:
            return _("Rounded half to the even cent, line by line.")
        return _("Rounded half up to the cent, line by line.")
    if even:
        return _("Rounded once, half to the even cent, on the total.")
    return _("Rounded once, half up to the cent, on the total.")


def _either(words: list[str]) -> str:
    return pgettext("between the words of a choice", " or ").join(words)


def manual(adjustment: Any) -> str:
    """A manual adjustment, as a line of a statement names it."""
    if adjustment.dispute_id is None:
        return _("thereof manual adjustment %(number)s: %(reason)s") % {
            "number": adjustment.number, "reason": adjustment.reason,
        }  # fmt: skip
    return _("thereof manual adjustment, dispute %(number)s") % {"number": adjustment.number}
