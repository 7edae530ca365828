from prm.outbox.events import event


@event("accounts.support_asked", version=1)
class SupportAsked:
    """An operator asks to act for a person."""

    access_id: int


@event("accounts.support_ended", version=1)
class SupportEnded:
    access_id: int
