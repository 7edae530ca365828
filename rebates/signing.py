"""Which versions want a signature, from whom, what they read, and who has answered.

A policy says `sign_off: wanted`, or `sign_off: before_accrual`: then nothing above zero accrues or is earned for a
partner that has not signed the version when it is computed, as behind a gate. A draft waits for nobody.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils import translation

from partners.models import Partner, TierMembership
from prm.measures import registry
from prm.values import clock
from prm.values.actor import Actor
from rebates import wording
from rebates.mechanisms import partners_named
from rebates.models import Signature, Version
from rebates.own_targets import version_of

WANTED, BEFORE_ACCRUAL = "wanted", "before_accrual"
WHY = "whoever takes part is asked for a signature"


def wants(version: Version) -> bool:
    """Whether partners are asked to sign the version: it is published, and says so."""
    return version.state == Version.State.PUBLISHED and "sign_off" in version.policy


def open_versions(day: date | None = None) -> list[Version]:
    """The versions of today and of days to come that want a signature, by programme code."""
    today = day or clock.today()
    rows = Version.objects.published().filter(policy__has_key="sign_off")
    rows = rows.filter(Q(ends__isnull=True) | Q(ends__gt=today)).select_related("programme")
    return list(rows.order_by("programme__code", "number"))


def asked_of(version: Version, *, partners: Any = None) -> Any:
    """The active partners that the version addresses, as a queryset by name; of these only where some are given."""
    rows = Partner.objects.for_everyone(because=WHY) if partners is None else partners
    rows = rows.filter(status=Partner.Status.ACTIVE)
    who = version.policy.get("who", {})
    for name, lookup in (("types", "type__in"), ("regions", "region__in")):
        if who.get(name):
            rows = rows.filter(**{lookup: who[name]})
    named = partners_named(version.policy)
    if named is not None:
        rows = rows.filter(number__in=named)
    if who.get("tiers"):
        held = TierMembership.objects.for_everyone(because=WHY).on(clock.today())
        rows = rows.filter(pk__in=held.filter(tier__code__in=who["tiers"]).values("partner_id"))
    if who.get("certificates"):
        rows = rows.filter(pk__in=holders(who["certificates"]))
    return rows.order_by("name", "pk")


def holders(codes: Iterable[str]) -> set[int]:
    """The partners that hold one of the certificates today, by id."""
    today, found = clock.today(), set[int]()
    for measure in filter(None, (registry.find(code) for code in codes)):
        rows = measure.totals(today, clock.days_after(today, 1)).order_by()
        found |= {
            partner for partner, value in rows.values_list("partner_id", "value") if value and value >= 1
        }
    return found


def text_of(version: Version) -> str:
    """What is signed: the policy in words in each language, finance's own words, and the exact text. `version` is as it
    concerns who signs it, see `own_targets.version_of`.
    """
    from rebates.exchange import version_as_yaml  # it stands on the services, which stand on this

    parts = [f"{version.programme.code} {version.number} {version.starts.isoformat()}"]
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            words = version.policy.get("text_zh" if code.startswith("zh") else "text", "")
            parts += [version.named, wording.sentence(version), words]
    return "\n\n".join(filter(None, [*parts, version_as_yaml(version, for_partners=True)]))


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Standing:
    """A partner that a version asks, and its newest answer."""

    partner: Partner
    answer: Signature | None

    @property
    def state(self) -> str:
        return self.answer.answer if self.answer else "open"


def standings(version: Version, *, by: Actor) -> list[Standing]:
    """Every partner that the version asks and `by` sees: those who have not answered first, then who declined."""
    answers = {row.partner_id: row for row in Signature.objects.visible_to(by).newest_of(version)}
    asked = {row.pk: row for row in asked_of(version, partners=Partner.objects.visible_to(by))}
    asked |= {pk: row.partner for pk, row in answers.items() if pk not in asked}
    order = {"open": 0, "declined": 1, "signed": 2}
    found = [Standing(partner, answers.get(pk)) for pk, partner in asked.items()]
    return sorted(found, key=lambda one: (order[one.state], one.partner.name, one.partner.pk))


def own_versions(actor: Actor) -> list[tuple[Version, Standing]]:
    """The versions that ask the signed-in partner, each with its answer."""
    mine = Partner.objects.visible_to(actor).filter(pk=actor.partner_id or 0)
    found = []
    for version in open_versions():
        partner = asked_of(version, partners=mine).first()
        if partner is not None:
            answer = Signature.objects.visible_to(actor).newest_of(version).filter(partner=partner).first()
            found.append((version_of(version, partner.number), Standing(partner, answer)))
    return found


def own_version(actor: Actor, code: str, number: int) -> tuple[Version, Standing] | None:
    """One of them, or one that the own company answered before: what was signed stays readable."""
    rows = Version.objects.published().filter(programme__code=code, number=number, policy__has_key="sign_off")
    version = rows.select_related("programme").first()
    partner = Partner.objects.visible_to(actor).filter(pk=actor.partner_id or 0).first()
    if version is None or partner is None:
        return None
    answer = Signature.objects.visible_to(actor).newest_of(version).filter(partner=partner).first()
    is_asked = version.is_open(clock.today()) and asked_of(
        version, partners=Partner.objects.visible_to(actor).filter(pk=partner.pk)
    )
    if answer is None and not is_asked:
        return None
    return version_of(version, partner.number), Standing(partner, answer)
