from rebates.models.disputes import Dispute, DisputedLine, DisputeMessage, ManualAdjustment
from rebates.models.golive import OpeningBalance, SettledOutside
from rebates.models.kept import AccrualCheck, AccrualMark, AdditionToSum, KeptAccrual, KeptPartner, MonthSum
from rebates.models.programmes import Programme, Version
from rebates.models.results import Result
from rebates.models.runs import RunMember, RunRate, RunScope, SettlementRun
from rebates.models.statements import Payment, Statement

__all__ = [
    "AccrualCheck",
    "AccrualMark",
    "AdditionToSum",
    "Dispute",
    "DisputeMessage",
    "DisputedLine",
    "KeptAccrual",
    "KeptPartner",
    "ManualAdjustment",
    "MonthSum",
    "OpeningBalance",
    "Payment",
    "Programme",
    "Result",
    "RunMember",
    "RunRate",
    "RunScope",
    "SettledOutside",
    "SettlementRun",
    "Statement",
    "Version",
]
