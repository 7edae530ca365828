"""What a back-test shows of temptation: where versions jump, who stood just below, which orders would have been pulled
forward, and what that would have cost.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from partners.models import Partner
from prm.ui import formats
from prm.ui.parts import Figure
from prm.values.money import minor_unit
from rebates import backtest_groups, formula, partner_pools
from rebates.backtest import BackTest
from rebates.cliffs import Cliff
from rebates.credited import is_credited
from rebates.models import Version
from rebates.numbers_in_words import money, percent
from rebates.own_targets import targets_of
from rebates.payout_chart import EXAMPLE, PRICE, example_reference, is_priced, volume_in_words
from rebates.pulled import DAYS, Document, Pulled
from rebates.temptations import NEAR, Temptation

SHOWN = 50  # temptations on the page
SHOWN_ORDERS = 20  # partners with orders on the page; the export has all


def shown(tried: BackTest, names: list[str], actor: Any) -> dict[str, Any]:
    """The page's part; `names` are those of the versions."""
    temptations, orders = tried.temptations[:SHOWN], tried.pulled[:SHOWN_ORDERS]
    partners = _partners(
        actor,
        [one.partner_id for one in (*temptations, *orders)]
        + [each.partner_id for one in orders for each in one.documents],
    )
    return {
        "near": formats.percent(NEAR, 0),
        "days": DAYS,
        "cliffs": [_cliff(one, tried, names[one.place]) for one in tried.cliffs],
        "smooth": _without_cliff(tried, names),
        "taken": _taken_as(tried, names),
        "untold": [(names[place], why) for place, why in tried.untold.items()],
        "tells": len(tried.untold) < len(tried.versions),
        "temptations": [
            {"who": _who(one, tried, partners, actor), "one": one, "version": names[one.place]} for one in temptations
        ],
        "unnamed": [(names[place], why) for place, why in tried.unnamed.items()],
        "names_orders": len(tried.unnamed) < len(tried.versions),
        "orders": [
            {
                "who": _who(one, tried, partners, actor), "one": one, "version": names[one.place],
                "missing": _missing(one, tried.versions[one.place]), "grouped": _is_group(one, tried),
                "documents": [
                    _document(each, tried.versions[one.place], actor)
                    | {"of": partners.get(each.partner_id) if _is_group(one, tried) else None}
                    for each in one.documents
                ],
            }
            for one in orders
        ],
        "more_orders": max(len(tried.pulled) - SHOWN_ORDERS, 0),
    }  # fmt: skip


def figures(tried: BackTest, currency: str) -> list[Figure]:
    """What the version that is tried would have cost more with its orders pulled forward; nothing where none are."""
    own = [one for one in tried.pulled if one.place == 0]
    if not own:
        return []
    count, partners = (
        sum(len(one.documents) for one in own),
        len({each.partner_id for one in own for each in one.documents}),
    )
    words = ngettext(
        "%(count)s order, partners: %(partners)s", "%(count)s orders, partners: %(partners)s", count
    )
    note = words % {"count": formats.number(count), "partners": formats.number(partners)}
    if partner_pools.cap_of(tried.versions[0].policy):
        note = _("%(orders)s; before the cap over all partners") % {"orders": note}
    return [
        Figure(
            label=_("More, had orders been pulled forward"),
            value=formats.money(sum(one.cost for one in own), currency),
            note=note,
            href="#orders",
        )
    ]


def table(tried: BackTest, names: list[str], actor: Any) -> tuple[list[str], list[list[Any]]]:
    """Headings and a line for each order that would have been pulled forward; sums stand with the first of each."""
    heads = [
        _("Number"), _("Partner"), _("Period"), _("Version"), _("Document"), _("Date"), _("Amount"),
        _("More in the period"), _("Less in the next"), _("It would have cost"), _("Currency"),
    ]  # fmt: skip
    partners = _partners(actor, [each.partner_id for one in tried.pulled for each in one.documents])
    currency = tried.versions[0].paid_in
    unit = minor_unit(currency)
    lines = []
    for one in tried.pulled:
        sums: list[Any] = [
            one.more.quantize(unit), "" if one.less is None else one.less.quantize(unit), one.cost.quantize(unit)
        ]  # fmt: skip
        for each in one.documents:
            if (whose := partners.get(each.partner_id)) is None:
                continue
            lines.append(
                [whose.number, whose.name, str(one.period), names[one.place], each.number, each.day, each.amount,
                 *sums, currency]
            )  # fmt: skip
            sums = ["", "", ""]
    return heads, lines


def _partners(actor: Any, ids: list[int]) -> dict[int, Partner]:
    return Partner.objects.visible_to(actor).in_bulk(set(ids))


def _is_group(one: Temptation | Pulled, tried: BackTest) -> bool:
    return partner_pools.is_group(tried.versions[one.place].policy)


def _who(
    one: Temptation | Pulled, tried: BackTest, partners: dict[int, Partner], actor: Any
) -> dict[str, str]:
    """Who stood there, and its page: a partner, one with its branches, or all that take part."""
    if one.partner_id == backtest_groups.ALL:
        return {"name": _("All members together"), "href": ""}
    partner = partners.get(one.partner_id)
    if partner is None:
        return {"name": "", "href": ""}
    name = partner.name
    if _is_group(one, tried) and partner.children.visible_to(actor).exists():
        name = _("%(partner)s and its branches") % {"partner": name}
    return {"name": name, "href": partner.get_absolute_url()}


def _taken_as(tried: BackTest, names: list[str]) -> list[str]:
    """A word for each version of which the hints take something for given."""
    found = []
    for place, version in enumerate(tried.versions):
        words = {"version": names[place]}
        if partner_pools.cap_of(version.policy):
            found.append(
                _(
                    "Of %(version)s, here and below, each partner’s own figure before the cap over all partners is"
                    " told: where the cap is reached, less is paid."
                )
                % words
            )
        if partner_pools.is_group(version.policy):
            found.append(
                _(
                    "Of %(version)s, here and below, each group counts as one partner that bought what its members"
                    " bought. Of a period in which too few of them bought anything, nothing is told."
                )
                % words
            )
    return found


def _missing(one: Pulled, version: Version) -> str:
    return "" if one.missing is None else volume_in_words(version.policy, one.missing)


def _document(one: Document, version: Version, actor: Any) -> dict[str, Any]:
    """A document; where it leads: to its sales lines, for whoever may see those."""
    page = "orders:credits" if is_credited(version.policy) else "orders:sales"
    verb = "credits.view" if is_credited(version.policy) else "sales.view"
    href = f"{reverse(page)}?{urlencode({'q': one.number})}" if verb in actor.permissions else ""
    return {
        "number": one.number,
        "day": one.day,
        "amount": one.amount,
        "currency": version.currency,
        "href": href,
    }


def _cliff(one: Cliff, tried: BackTest, name: str) -> dict[str, Any]:
    version = tried.versions[one.place]
    return {
        "one": one, "version": name, "edge": _edge(one, version), "drawn_for": _drawn_for(one, version),
        "currency": version.currency, "counted": one.place not in tried.untold,
        **{
            name: _counted(count, version)
            for name, count in (("near", one.partners), ("below", len(one.below)), ("above", len(one.above)))
        },
    }  # fmt: skip


def _counted(count: int, version: Version) -> str:
    if not partner_pools.is_group(version.policy):
        return formats.number(count)
    return ngettext("%(count)s group", "%(count)s groups", count) % {"count": formats.number(count)}


def _edge(one: Cliff, version: Version) -> str:
    """The edge in words: an amount, a growth, a share of the target or of the sales."""
    if one.each:
        return _("each full step of %(volume)s") % {"volume": volume_in_words(version.policy, one.edge)}
    if one.share_of == "baseline":
        return _("growth of %(share)s") % {"share": percent(str(one.low - 1))}
    if one.share_of == "target" and targets_of(version.policy):
        return _("%(share)s of the target") % {"share": percent(str(one.low))}
    if one.share_of == "target":
        words = {"share": percent(str(one.low)), "volume": volume_in_words(version.policy, one.edge)}
        return _("%(share)s of the target: %(volume)s") % words
    if one.share_of == "total":
        return _("a share of %(share)s") % {"share": percent(str(one.low))}
    return volume_in_words(version.policy, one.edge)


def _drawn_for(one: Cliff, version: Version) -> str:
    """What the jump is reckoned for where it differs from partner to partner."""
    policy, currency = version.policy, version.currency
    if one.share_of == "total":
        return _("for sales of %(amount)s") % {"amount": money(str(EXAMPLE), currency)}
    if one.share_of == "baseline":
        return _("for a baseline of %(amount)s") % {"amount": money(str(example_reference(policy)), currency)}
    if is_priced(policy):
        return _("for units at %(amount)s each") % {"amount": money(str(PRICE), currency)}
    return ""


def _without_cliff(tried: BackTest, names: list[str]) -> list[str]:
    """A word for each version that has no edge to be shown."""
    places = {one.place for one in tried.cliffs}
    words = {
        True: _(
            "%(version)s pays by a formula: where it jumps is told below, of partners that stood near it."
        ),
        False: _("%(version)s jumps nowhere: what it pays rises without a step."),
    }
    return [
        words[formula.by_formula(version.policy)] % {"version": names[place]}
        for place, version in enumerate(tried.versions)
        if place not in places
    ]
