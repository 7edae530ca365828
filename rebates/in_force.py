"""The programmes that concern a partner today: what each pays, until when, signed or not, and where the partner stands.

Guarantee: only programmes that the partner takes part in as it is today (its type, region, tier, certificates, or its
own number), of its own side nothing but its own answers and figures. Other partners are counted at most, never named.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from partners.models import Partner, TierMembership
from prm.values import clock
from prm.values.actor import Actor
from rebates import partner_pools, signing, ties, wording
from rebates.accruals import Accrual, accruals
from rebates.credited import is_credited
from rebates.links import BEST_OF
from rebates.mechanisms import partners_named
from rebates.models import Signature, Version
from rebates.own_targets import version_of


@dataclass(frozen=True)
class InForce:
    """A version that is in force for the partner, or will be."""

    version: Version
    gist: str  # what it pays, in one sentence
    sentence: str  # all that the policy says
    standing: signing.Standing | None  # None where nothing is signed
    progress: list[Accrual]  # the partner's own open periods under it
    is_one_of_several: bool  # of which only the best pays

    @property
    def clause(self) -> str:
        return str(self.version.policy.get("clause", ""))

    @property
    def binds(self) -> list[str]:
        """What else decides how much of the gist is paid, in a few words each."""
        policy, found = self.version.policy, []
        if is_credited(policy):
            found.append(_("on sales credited to you"))
        if self.is_one_of_several:
            found.append(_("only where it pays most"))
        if partner_pools.is_group(policy):
            found.append(_("together with others, as one group"))
        if partner_pools.cap_of(policy) is not None:
            found.append(_("capped over all partners"))
        if policy.get("gates"):
            found.append(_("only behind a gate"))
        return found

    @property
    def is_to_come(self) -> bool:
        return self.version.starts > clock.today()


@dataclass(frozen=True)
class Traits:
    """What policies ask a partner for, as it stands today."""

    partner: Partner
    tiers: frozenset[str]
    certificates: frozenset[str]

    def fit(self, policy: dict[str, Any]) -> bool:
        who = policy.get("who", {})
        own = (
            ("types", {self.partner.type}),
            ("regions", {self.partner.region}),
            ("tiers", self.tiers),
            ("certificates", self.certificates),
        )
        named = partners_named(policy)
        if named is not None and self.partner.number not in named:
            return False
        return all(not who.get(name) or not has.isdisjoint(who[name]) for name, has in own)


def programmes_of(actor: Actor) -> list[InForce]:
    """Of the signed-in partner, by programme code; what is in force before what is to come."""
    partner = Partner.objects.visible_to(actor).filter(pk=actor.partner_id or 0).first()
    if partner is None:
        return []
    today = clock.today()
    rows = Version.objects.published().filter(Q(ends__isnull=True) | Q(ends__gt=today))
    versions = list(rows.select_related("programme").order_by("programme__code", "starts"))
    traits = _traits(partner, versions, actor)
    mine = [version_of(version, partner.number) for version in versions if traits.fit(version.policy)]
    answers = Signature.objects.visible_to(actor).newest_answers(mine, partner)
    open_now = accruals(by=actor, partners=[partner.pk])
    return [
        InForce(
            version,
            wording.gist(version),
            wording.sentence(version),
            signing.Standing(partner, answers.get(version.pk)) if signing.wants(version) else None,
            [one for one in open_now if one.version.pk == version.pk],
            any(tie.kind == BEST_OF for tie in (*ties.stated(version), *ties.from_others(version, versions))),
        )
        for version in mine
    ]


def _traits(partner: Partner, versions: Iterable[Version], actor: Actor) -> Traits:
    held = TierMembership.objects.visible_to(actor).on(clock.today()).filter(partner=partner)
    codes = {code for one in versions for code in one.policy.get("who", {}).get("certificates", [])}
    certificates = {code for code in codes if partner.pk in signing.holders([code])}
    return Traits(partner, frozenset(held.values_list("tier__code", flat=True)), frozenset(certificates))
