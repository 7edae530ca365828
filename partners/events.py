from django.utils.translation import gettext_lazy as _

from prm.outbox.events import event


@event("partners.created", version=1, label=_("Partner created"), subject="partner", object_id="partner_id")
class PartnerCreated:
    partner_id: int


@event(
    "partners.status_changed",
    version=1,
    label=_("State of a partner changed"),
    subject="partner",
    object_id="partner_id",
)
class PartnerStatusChanged:
    partner_id: int
    before: str
    after: str
    reason: str


@event(
    "partners.tier_changed",
    version=1,
    label=_("Tier of a partner changed"),
    subject="partner",
    object_id="partner_id",
)
class PartnerTierChanged:
    partner_id: int
    tier: str
    first_day: str


@event(
    "partners.manager_assigned",
    version=1,
    label=_("Channel manager assigned"),
    subject="partner",
    object_id="partner_id",
)
class ManagerAssigned:
    partner_id: int
    user_id: int


@event(
    "partners.changed",
    version=1,
    label=_("Partner data changed"),
    subject="partner",
    object_id="partner_id",
)
class PartnerChanged:
    """Company data or own fields. `before` and `after` hold what partners may read of it; of the rest only the name."""

    partner_id: int
    fields: list
    before: dict
    after: dict
    by: str
    at: str
    by_id: int | None = None
    from_file: bool = False  # one of many that a file changed: whoever brought it in reads one result
