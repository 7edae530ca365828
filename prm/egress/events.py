from django.utils.translation import gettext_lazy as _

from prm.outbox.events import event


@event("egress.message_given_up", version=1, label=_("Message to another system not taken"), internal=True)
class MessageGivenUp:
    """Another system has not taken a message after all attempts, or asked to get none any more."""

    message_id: int
    at: str


@event("egress.receiver_gone", version=1, label=_("Webhook switched off by its receiver"), internal=True)
class ReceiverGone:
    receiver_id: int
    at: str
