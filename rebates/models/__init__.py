from rebates.models.answers import FindingAnswer
from rebates.models.credit_notes import CreditNote
from rebates.models.disputes import (
    Dispute,
    DisputeAddition,
    DisputedLine,
    DisputeMessage,
    ManualAdjustment,
)
from rebates.models.golive import OpeningBalance, SettledOutside
from rebates.models.golive_reversals import GoLiveReversal
from rebates.models.goods import GoodsDelivery
from rebates.models.kept import AccrualCheck, AccrualMark, AdditionToSum, KeptAccrual, KeptPartner, MonthSum
from rebates.models.prints import PrintedPart
from rebates.models.programmes import Programme, Version
from rebates.models.results import Result
from rebates.models.returns import PaymentReturn
from rebates.models.reviews import PaymentHold, RunComment
from rebates.models.runs import RunMember, RunRate, RunScope, SettlementRun
from rebates.models.signatures import Signature
from rebates.models.statements import Payment, Statement

__all__ = [
    "CreditNote",
    "AccrualCheck",
    "AccrualMark",
    "AdditionToSum",
    "Dispute",
    "DisputeAddition",
    "DisputeMessage",
    "DisputedLine",
    "FindingAnswer",
    "GoLiveReversal",
    "GoodsDelivery",
    "KeptAccrual",
    "KeptPartner",
    "ManualAdjustment",
    "MonthSum",
    "OpeningBalance",
    "Payment",
    "PaymentHold",
    "PaymentReturn",
    "PrintedPart",
    "Programme",
    "Result",
    "RunComment",
    "RunMember",
    "RunRate",
    "RunScope",
    "SettledOutside",
    "SettlementRun",
    "Signature",
    "Statement",
    "Version",
]
