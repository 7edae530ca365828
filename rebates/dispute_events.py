"""What happens to disputes of statements."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from prm.outbox.events import event


@event(
    "rebates.statement_disputed",
    version=1,
    label=_("Statement disputed"),
    subject="dispute",
    object_id="dispute_id",
)
class StatementDisputed:
    dispute_id: int
    statement_id: int
    held: str
    currency: str


@event(
    "rebates.dispute_extended",
    version=1,
    label=_("Dispute: lines added"),
    subject="dispute",
    object_id="dispute_id",
)
class DisputeExtended:
    """`held`: what the dispute holds back with them."""

    dispute_id: int
    addition_id: int
    held: str
    currency: str


@event(
    "rebates.dispute_asked_back",
    version=1,
    label=_("Dispute: asked back"),
    subject="dispute",
    object_id="dispute_id",
)
class DisputeAskedBack:
    dispute_id: int
    at: str


@event(
    "rebates.dispute_answered",
    version=1,
    label=_("Dispute: answered"),
    subject="dispute",
    object_id="dispute_id",
)
class DisputeAnswered:
    dispute_id: int
    at: str


@event(
    "rebates.dispute_proposed",
    version=1,
    label=_("Dispute: sum proposed"),
    subject="dispute",
    object_id="dispute_id",
)
class DisputeProposed:
    dispute_id: int
    at: str


@event(
    "rebates.dispute_decided",
    version=1,
    label=_("Dispute decided"),
    subject="dispute",
    object_id="dispute_id",
)
class DisputeDecided:
    dispute_id: int
    state: str
    amount: str
    currency: str


@event(
    "rebates.dispute_withdrawn",
    version=1,
    label=_("Dispute withdrawn"),
    subject="dispute",
    object_id="dispute_id",
)
class DisputeWithdrawn:
    dispute_id: int
