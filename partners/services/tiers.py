"""Programme membership: which tier, from when."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction

from partners.errors import TierInTheFuture, TierUnchanged
from partners.events import PartnerTierChanged
from partners.models import Partner, PartnerChange, Tier, TierMembership
from partners.services.changes import Amendment, hold_amended, write_or_ask
from prm.access.rules import require
from prm.audit.services import record
from prm.outbox.services import emit
from prm.values.actor import Actor


@transaction.atomic
def set_tier(
    *, partner: Partner, tier: Tier, first_day: date, reason: str = "", by: Actor, amends: Amendment | None = None
) -> Partner:  # fmt: skip
    """Give the partner `tier` from `first_day` on (a day in the tenant's zone). The tier before ends on the day before.

    History is kept: what held on earlier days stays as it was. Raises TierUnchanged, TierInTheFuture, ChangeWaits.
    Where a flow has to decide about it, the tier is only asked for.
    """
    require(by, "partners.set_tier", partner)
    hold_amended(amends)
    partner = Partner.objects.locked(partner)
    before = tier_code_on(partner, first_day)

    def write() -> None:
        write_tier(partner=partner, tier=tier, first_day=first_day, reason=reason, by=by)

    changes, wanted = tier_change(before, tier.code, first_day)
    return write_or_ask(
        partner=partner, kind=PartnerChange.Kind.TIER, write=write, by=by, reason=reason, amends=amends,
        wanted=wanted, changes=changes,
    )  # fmt: skip


def tier_change(
    before: str | None, tier: str, first_day: date
) -> tuple[dict[str, list[Any]], dict[str, Any]]:
    """What changes with a tier, {field: [old, new]}, and what a PartnerChange keeps of it."""
    day = first_day.isoformat()
    return (
        {"tier": [before, tier], "first_day": [None, day]}, {"tier": tier, "first_day": day, "before": before}
    )  # fmt: skip


def tier_code_on(partner: Partner, day: date) -> str | None:
    rows = TierMembership.objects.for_everyone(because="of the locked partner").filter(partner=partner)
    return rows.on(day).values_list("tier__code", flat=True).first()


def write_tier(*, partner: Partner, tier: Tier, first_day: date, reason: str, by: Actor) -> TierMembership:
    """Give a locked partner its tier."""
    memberships = TierMembership.objects.for_everyone(because="of the locked partner").filter(partner=partner)
    planned = memberships.filter(during__startswith__gte=first_day).order_by("during").first()
    if planned and planned.during.lower > first_day:
        raise TierInTheFuture(day=planned.during.lower)
    current = memberships.on(first_day).select_related("tier").first()
    if current and current.tier_id == tier.pk:
        raise TierUnchanged(tier=str(tier))
    if current:
        _end(current, first_day)
    made = TierMembership.objects.create(
        partner=partner, tier=tier, during=(first_day, None), reason=reason, set_by=by.label
    )
    before = current.tier.code if current else None
    record(partner, "tier_set", by=by, changes={"tier": [before, tier.code]}, reason=reason)
    emit(
        PartnerTierChanged(partner_id=partner.pk, tier=tier.code, first_day=first_day.isoformat()),
        object_key=f"partner:{partner.pk}",
    )
    return made


def _end(membership: TierMembership, day: date) -> None:
    """End on the day before `day`; a membership that would be empty never held and goes."""
    if membership.during.lower is not None and membership.during.lower >= day:
        membership.delete()
        return
    membership.during = (membership.during.lower, day)
    membership.save(update_fields=["during"])
