"""Who is told after a partner changed. A listener may run again: a notice is stored once per fact."""

from __future__ import annotations

from datetime import date

from django.contrib.auth import get_user_model

from partners.events import PartnerChanged, PartnerTierChanged
from partners.models import Member, Partner, TierMembership
from partners.querysets import managers_of
from prm.audit.words import name_of_field
from prm.notices.services import notify
from prm.outbox.events import listens_to
from prm.ui import said
from prm.values import clock


@listens_to(PartnerChanged)
def tell_of_changed_data(fact: PartnerChanged) -> None:
    """Whoever looks after the partner reads which of its data others changed; of a file's many partners nothing."""
    if fact.from_file:
        return
    partner = Partner.objects.for_everyone(because="an event names it").get(pk=fact.partner_id)
    people = [user for user in managers_of(partner) if user.pk != fact.by_id]
    fields = said.InEach(lambda: ", ".join(name_of_field("partners.partner", name) for name in fact.fields))
    notify(
        users=people, kind="partners.changed", fact=f"partners.changed:{partner.pk}:{fact.at}",
        link=partner.get_absolute_url(), values={"partner": partner.name, "fields": fields, "who": fact.by},
    )  # fmt: skip


@listens_to(PartnerTierChanged)
def tell_of_the_tier(fact: PartnerTierChanged) -> None:
    """The people of the partner hear of their tier and why."""
    partner = Partner.objects.for_everyone(because="an event names it").get(pk=fact.partner_id)
    given = TierMembership.objects.for_everyone(because="an event names its partner").filter(
        partner=partner, tier__code=fact.tier, during__startswith=date.fromisoformat(fact.first_day)
    )
    membership = given.select_related("tier").first()
    if membership is None:  # replaced since
        return
    today = Member.objects.for_everyone(because="people of the partner that the event names").on(
        clock.today()
    )
    people = get_user_model().objects.filter(pk__in=today.filter(partner=partner).values("user_id"))
    notify(
        users=people, kind="partners.tier_changed", fact=f"partners.tier_changed:{membership.pk}", link="/company/",
        values={
            "partner": partner.name, "tier": said.InEach(lambda: str(membership.tier)),
            "day": said.Day(membership.during.lower), "reason": membership.reason,
        },
    )  # fmt: skip
