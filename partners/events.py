from prm.outbox.events import event


@event("partners.created", version=1)
class PartnerCreated:
    partner_id: int


@event("partners.status_changed", version=1)
class PartnerStatusChanged:
    partner_id: int
    before: str
    after: str
    reason: str


@event("partners.tier_changed", version=1)
class PartnerTierChanged:
    partner_id: int
    tier: str
    first_day: str


@event("partners.manager_assigned", version=1)
class ManagerAssigned:
    partner_id: int
    user_id: int
