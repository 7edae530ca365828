from django.utils.translation import gettext_lazy as _

from prm.outbox.events import event


@event("exchange.rates_proposed", version=1, label=_("Exchange rates entered"))
class RatesProposed:
    batch_id: int
    source: str
    count: int


@event("exchange.rates_confirmed", version=1, label=_("Exchange rates confirmed"))
class RatesConfirmed:
    batch_id: int
    source: str
    count: int


@event("exchange.rates_rejected", version=1, label=_("Exchange rates not confirmed"))
class RatesRejected:
    batch_id: int
    reason: str
