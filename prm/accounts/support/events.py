from django.utils.translation import gettext_lazy as _

from prm.outbox.events import event


@event("accounts.support_asked", version=1, label=_("Support access asked for"), internal=True)
class SupportAsked:
    """An operator asks to act for a person."""

    access_id: int


@event("accounts.support_ended", version=1, label=_("Support access ended"), internal=True)
class SupportEnded:
    access_id: int
