from rebates.models.disputes import Dispute, DisputedLine, DisputeMessage, ManualAdjustment
from rebates.models.programmes import Programme, Version
from rebates.models.results import Result
from rebates.models.runs import RunMember, RunScope, SettlementRun
from rebates.models.statements import Payment, Statement

__all__ = [
    "DAYS",
    "Dispute",
    "DisputeMessage",
    "DisputedLine",
    "ManualAdjustment",
    "Payment",
    "Programme",
    "Result",
    "RunMember",
    "RunScope",
    "SettlementRun",
    "Statement",
    "Version",
]
