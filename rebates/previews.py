"""What a policy says, pays and where it jumps: read aloud in both languages, drawn, and tried at a few volumes."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from prm.ui import formats
from rebates import own_targets, partner_pools, wording
from rebates.limit_words import idle_cap
from rebates.links import named_programmes
from rebates.mechanism_words import falling_rates
from rebates.mechanisms import bands_of
from rebates.models import Version
from rebates.payout_chart import (
    PRICE,
    Chart,
    bounds_of,
    chart,
    example_reference,
    is_priced,
    payout,
    usual_top,
    volume_in_words,
)

TRIALS = ("0.5", "1", "1.25", "2")


@dataclass(frozen=True)
class Preview:
    """A policy read aloud, drawn, and tried at a few volumes."""

    sentences: list[str]
    others: list[dict[str, str]]  # the first of them in every other language: code and sentence
    warnings: list[str]
    chart: Chart | None
    trial: list[dict[str, str]]


def preview_of(policy: dict[str, Any]) -> Preview:
    currency, units = policy["currency"], bands_of(policy).reads_units
    price = PRICE if is_priced(policy) else Decimal(1)
    top = max(bounds_of(policy), default=usual_top(policy))
    trial = []
    for part in TRIALS:
        volume = (top * Decimal(part)).quantize(Decimal(1))
        paid = payout(policy, volume)
        share = paid / (volume * price) if volume else Decimal(0)
        trial.append(
            {
                "volume": volume_in_words(policy, volume),
                "share": formats.percent(share, 2) if not units or is_priced(policy) else "",
                "payout": formats.money(paid, currency),
            }
        )
    sentences = [wording.sentence(Version(policy=policy)), *_drawn_for(policy)]
    warnings = [*falling_rates(policy), *idle_cap(policy)]
    return Preview(sentences, _in_other_languages(policy), warnings, chart(policy), trial)


def _drawn_for(policy: dict[str, Any]) -> list[str]:
    """What the curve, which is that of one partner by itself, takes for given and leaves out."""
    currency, said = policy["currency"], []
    if bands_of(policy).share_of == "baseline":
        drawn_for = formats.money(example_reference(policy), currency, 0)
        said.append(_("The curve is drawn for a baseline of %(amount)s.") % {"amount": drawn_for})
    if bands_of(policy).share_of == "total":
        said.append(_("The curve is drawn for sales of the focus product lines only."))
    if own_targets.targets_of(policy):
        drawn_for = volume_in_words(policy, own_targets.example_of(policy))
        said.append(_("The curve is drawn for a target of %(amount)s.") % {"amount": drawn_for})
    if is_priced(policy):
        amount = formats.money(PRICE, currency, 0)
        said.append(_("The curve is drawn for units sold at %(amount)s each.") % {"amount": amount})
    if policy["mechanism"].get("measures"):
        said.append(_("The curve is drawn for partners of whom every other figure is 0."))
    if named_programmes(policy):
        said.append(_("The curve is drawn without what other programmes change."))
    if partner_pools.is_group(policy):
        said.append(
            _("The curve is drawn for what all members buy together, and what they are paid together.")
        )
    if policy.get("gates") or policy.get("factors"):
        said.append(_("The curve is drawn before gates and factors."))
    if partner_pools.cap_of(policy):
        said.append(
            _("The curve is drawn without the cap over all partners, which hangs on what all of them buy.")
        )
    return said


def _in_other_languages(policy: dict[str, Any]) -> list[dict[str, str]]:
    reader, found = translation.get_language(), []
    for code, _name in settings.LANGUAGES:
        if code != reader:
            with translation.override(code):
                found.append({"code": code, "sentence": wording.sentence(Version(policy=policy))})
    return found
