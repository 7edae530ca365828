"""What a review of tiers proposes is carried out: each partner for itself, through the same service as by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from partners.criteria import Proposal, proposals
from partners.errors import ChangeRefused, NobodyChosen
from partners.models import Partner
from partners.services.tiers import set_tier
from prm.access.rules import require
from prm.ui import formats
from prm.values import clock
from prm.values.actor import Actor
from prm.values.errors import DomainError


@dataclass
class Outcome:
    """What became of the chosen ones: set at once, waiting for an approval, or refused and why."""

    done: list[Partner] = field(default_factory=list)
    asked: list[Partner] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)


def follow_review(*, chosen: Mapping[int, str], first_day: date, by: Actor) -> Outcome:
    """Give the chosen partners {id: code of the tier as it was proposed} their tiers from `first_day` on.

    Asked anew: what is not proposed any more is refused by name, the others go on. Where a flow decides about changes
    of partners, it is asked as always. Twice is harmless: what was done is no longer proposed. Raises NobodyChosen.
    """
    require(by, "partners.set_tier")
    if not chosen:
        raise NobodyChosen()
    now = {one.partner.pk: one for one in proposals(by)}
    known = Partner.objects.visible_to(by).in_bulk([pk for pk in chosen if pk not in now])
    outcome = Outcome()
    for pk, code in chosen.items():
        proposal = now.get(pk)
        if proposal is None and pk not in known:
            continue  # none of the actor's partners
        if proposal is None or proposal.to is None or proposal.to.code != code:
            name = known[pk].name if proposal is None else proposal.partner.name
            outcome.refused.append((name, _("This is not proposed any more. Look again.")))
            continue
        _carry_out(proposal, first_day, by, outcome)
    return outcome


def _carry_out(proposal: Proposal, first_day: date, by: Actor, outcome: Outcome) -> None:
    try:
        partner = set_tier(
            partner=proposal.partner, tier=proposal.to, first_day=first_day, reason=reason_of(proposal), by=by
        )
    except DomainError as refusal:
        outcome.refused.append((proposal.partner.name, refusal.text))
        return
    if partner.refused_change is not None:
        outcome.refused.append((partner.name, ChangeRefused(partner=partner.name).text))
        return
    (outcome.asked if partner.asked_change else outcome.done).append(partner)


def reason_of(proposal: Proposal) -> str:
    """Why, for the history: the criteria and what was found, as of today."""
    found = "; ".join(_finding(one) for one in proposal.findings)
    return _("Tier review of %(day)s. %(found)s") % {"day": formats.day(clock.today()), "found": found}


def _finding(finding: Any) -> str:
    if finding.actual is None:
        return f"{finding.part.words} {'✓' if finding.holds else '✗'}"
    return f"{finding.part.words} ({finding.reached})"
