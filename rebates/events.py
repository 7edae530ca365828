from django.utils.translation import gettext_lazy as _

from prm.outbox.events import event


@event("rebates.programme_published", version=1, label=_("Programme version published"))
class ProgrammePublished:
    version_id: int


@event(
    "rebates.settlement_computed",
    version=1,
    label=_("Settlement computed"),
    subject="settlement",
    object_id="run_id",
)
class SettlementComputed:
    run_id: int


@event(
    "rebates.settlement_in_review",
    version=1,
    label=_("Settlement put to review"),
    subject="settlement",
    object_id="run_id",
)
class SettlementInReview:
    run_id: int


@event(
    "rebates.settlement_approved",
    version=1,
    label=_("Settlement approved"),
    subject="settlement",
    object_id="run_id",
)
class SettlementApproved:
    run_id: int


@event(
    "rebates.settlement_refused",
    version=1,
    label=_("Settlement not approved"),
    subject="settlement",
    object_id="run_id",
)
class SettlementRefused:
    run_id: int
    reason: str


@event(
    "rebates.settlement_closed",
    version=1,
    label=_("Settlement closed"),
    subject="settlement",
    object_id="run_id",
)
class SettlementClosed:
    run_id: int


@event(
    "rebates.statement_paid",
    version=1,
    label=_("Statement paid"),
    subject="statement",
    object_id="statement_id",
)
class StatementPaid:
    statement_id: int
    payment_id: int


@event("rebates.go_live_figures_brought", version=1, label=_("Figures of before go-live brought in"))
class GoLiveFiguresBrought:
    programme_id: int
    kind: str
