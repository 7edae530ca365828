"""Programme membership: which tier, from when."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from partners.errors import TierInTheFuture, TierUnchanged
from partners.events import PartnerTierChanged
from partners.models import Partner, Tier, TierMembership
from prm.access.rules import require
from prm.audit.services import record
from prm.outbox.services import emit
from prm.values.actor import Actor


@transaction.atomic
def set_tier(*, partner: Partner, tier: Tier, first_day: date, reason: str = "", by: Actor) -> TierMembership:
    """Give the partner `tier` from `first_day` on (a day in the tenant's zone). The tier before ends on the day before.

    History is kept: what held on earlier days stays as it was. Raises TierUnchanged, TierInTheFuture.
    """
    require(by, "partners.set_tier", partner)
    partner = Partner.objects.locked(partner)
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
