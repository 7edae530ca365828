from rebates.models.programmes import Programme, Version
from rebates.models.results import Result
from rebates.models.runs import RunMember, RunScope, SettlementRun
from rebates.models.statements import Payment, Statement

__all__ = [
    "DAYS",
    "Payment",
    "Programme",
    "Result",
    "RunMember",
    "RunScope",
    "SettlementRun",
    "Statement",
    "Version",
]
