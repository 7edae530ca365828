"""What returned payments tell the platform: notices, work that waits, words of the trail."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from prm.access.roles import Role
from prm.audit import words
from prm.notices import kinds, work
from prm.values.actor import Actor

MONEY = (Role.FINANCE, Role.ADMINISTRATOR)


def register() -> None:
    kinds.register(
        "rebates.return_reported", icon="arrow-back-up", roles=MONEY,
        label=_("A returned payment waits for a second person"),
        title=_("Confirm that %(payment)s came back?"), body=_("%(partner)s, %(amount)s. %(who)s: %(reason)s"),
    )  # fmt: skip
    kinds.register(
        "rebates.payment_returned", icon="arrow-back-up", roles=(*MONEY, Role.PARTNER_ADMIN),
        label=_("The bank returned a payment"), title=_("The bank returned %(payment)s"),
        body=_(
            "%(amount)s came back: %(reason)s It is owed again and stands on %(statement)s as open. Check the bank"
            " account."
        ),
    )  # fmt: skip
    words.register(
        {
            "return reported": _("returned payment reported"),
            "payment returned": _("payment returned by the bank, taken back in the ledger"),
            "return not confirmed": _("return of a payment not confirmed"),
            "open again": _("open again: a payment came back"),
        }
    )
    words.register_names({"payment": pgettext_lazy("change", "payment")})
    work.register(open_work, count=count_open_work, verb="rebates.pay")


def open_work(actor: Actor) -> Iterable[work.Work]:
    """Returned payments that a second person has to confirm."""
    for found in _waiting(actor):
        yield work.Work(
            title=found.payment.statement.partner.name, link=found.get_absolute_url(), since=found.reported_at,
            subtitle=found.payment.number, kind=_("Returned payment to confirm"), icon="arrow-back-up",
        )  # fmt: skip


def count_open_work(actor: Actor) -> int:
    return len(_waiting(actor))


def _waiting(actor: Actor) -> list[Any]:
    from rebates.models import PaymentReturn

    if "rebates.pay" not in actor.permissions:
        return []
    rows = PaymentReturn.objects.visible_to(actor).waiting().exclude(reported_by_id=actor.user_id)
    return list(rows.for_page().order_by("reported_at")[: work.MOST])
