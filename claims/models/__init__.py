from claims.models.agreements import Agreement, AgreementItem
from claims.models.claims import Claim, ClaimLine, ClaimPayment
from claims.models.reports import PriceDrop, SellThroughLine, StockLine

__all__ = [
    "Agreement",
    "AgreementItem",
    "Claim",
    "ClaimLine",
    "ClaimPayment",
    "PriceDrop",
    "SellThroughLine",
    "StockLine",
]
