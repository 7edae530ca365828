from prm.outbox.events import event


@event("rebates.programme_published", version=1)
class ProgrammePublished:
    version_id: int


@event("rebates.settlement_computed", version=1)
class SettlementComputed:
    run_id: int


@event("rebates.settlement_in_review", version=1)
class SettlementInReview:
    run_id: int


@event("rebates.settlement_approved", version=1)
class SettlementApproved:
    run_id: int


@event("rebates.settlement_closed", version=1)
class SettlementClosed:
    run_id: int


@event("rebates.statement_paid", version=1)
class StatementPaid:
    statement_id: int
    payment_id: int
