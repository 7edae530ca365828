"""What deal registration shows on the first pages."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.db import connection
from django.utils.translation import gettext as _

from dealreg import figures, words
from dealreg.forms import CheckForm
from dealreg.models import DealRegistration
from dealreg.registrations import TONES
from partners import pages as partner_pages
from prm.ui import formats, home
from prm.ui.parts import Figure


def register() -> None:
    home.figure("staff", order=20, verb="dealreg.view")(pipeline)
    home.figure("staff", order=30, verb="dealreg.view")(win_rate)
    home.section("staff", template="dealreg/home_ending.html", order=40, width=5, verb="dealreg.approve")(
        ending
    )
    home.figure("partner", order=10, verb="dealreg.view")(pipeline)
    home.section("partner", template="dealreg/home_check.html", order=5, width=5, verb="dealreg.check")(ask)
    home.section("partner", template="dealreg/home_deals.html", order=20, width=7, verb="dealreg.view")(
        own_deals
    )
    partner_pages.add_section(
        template="dealreg/partner_part.html", verb="dealreg.view", order=20, build=of_partner
    )


def pipeline(actor: Any) -> Figure:
    """Estimated value of what is registered and open, in the tenant's currency first."""
    values = figures.pipeline_value(actor)
    own = connection.tenant.currency
    currency = own if own in values or not values else max(values, key=lambda code: values[code])
    counts = figures.counts_by_state(actor)
    count = sum(counts[state] for state in figures.PIPELINE)
    return Figure(
        label=_("Registered pipeline"),
        value=formats.money(values.get(currency, Decimal(0)), currency, 0),
        note=_("%(count)s open deals") % {"count": formats.number(count)},
        href=f"/deals/?{urlencode([('state', state) for state in figures.PIPELINE])}",
    )


def win_rate(actor: Any) -> Figure | None:
    rate = figures.win_rate(actor)
    if rate.share is None:
        return None
    return Figure(
        label=_("Won of those that ended"),
        value=formats.percent(rate.share),
        note=_("%(won)s won, %(lost)s lost in a year") % {"won": rate.won, "lost": rate.lost},
    )


def ending(actor: Any) -> dict[str, Any]:
    return {"deals": figures.ending_protections(actor)}


def own_deals(actor: Any) -> dict[str, Any]:
    return {"rows": [_as_partner_reads(deal) for deal in figures.latest(actor)]}


def _as_partner_reads(deal: DealRegistration) -> dict[str, Any]:
    word, tone = words.partner_state(deal, TONES)
    return {"deal": deal, "word": word, "tone": tone}


def of_partner(partner: Any, actor: Any) -> dict[str, Any]:
    """The newest deals of one partner, and its record, for the partner's page."""
    registered, won = figures.record_of_partner(actor, partner.pk)
    rows = [
        {"deal": deal, "word": deal.get_state_display(), "tone": TONES[deal.state]}
        for deal in figures.latest(actor, partner_id=partner.pk)
    ]
    return {"rows": rows, "registered": registered, "won": won}


def ask(actor: Any) -> dict[str, Any]:
    """The box "may I register this customer?": the whole question, so that it is asked once."""
    form = CheckForm(actor=actor, auto_id="home_%s")
    lines = list(form.fields["product_lines"].queryset.values_list("pk", flat=True)[:2])
    form.initial["product_lines"] = lines if len(lines) == 1 else []
    return {"form": form}
