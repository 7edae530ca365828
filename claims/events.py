from django.utils.translation import gettext_lazy as _

from prm.outbox.events import event


@event("claims.agreement_submitted", version=1, label=_("Special-price agreement waits for approval"))
class AgreementSubmitted:
    agreement_id: int


@event("claims.agreement_approved", version=1, label=_("Special-price agreement approved"))
class AgreementApproved:
    agreement_id: int


@event("claims.agreement_ended", version=1, label=_("Special-price agreement ended early"))
class AgreementEnded:
    agreement_id: int


@event("claims.price_drop_confirmed", version=1, label=_("Price drop confirmed"))
class PriceDropConfirmed:
    drop_id: int


@event("claims.submitted", version=1, label=_("Price claim submitted"))
class ClaimSubmitted:
    claim_id: int


@event("claims.approved", version=1, label=_("Price claim approved"))
class ClaimApproved:
    claim_id: int


@event("claims.rejected", version=1, label=_("Price claim rejected"))
class ClaimRejected:
    claim_id: int


@event("claims.paid", version=1, label=_("Price claim paid"))
class ClaimPaid:
    claim_id: int
    payment_id: int
