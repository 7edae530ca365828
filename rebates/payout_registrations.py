"""What statements and the ways to pay them tell the platform: menu, notices, words of the trail."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from prm.access.roles import Role
from prm.audit import words
from prm.notices import kinds
from prm.ui import menu

PARTNER = (Role.PARTNER_ADMIN,)
NOTICES = {
    "statement_issued": (
        "receipt", _("A rebate statement was issued"), _("Your rebate statement for %(time)s: %(amount)s"),
        _("%(statement)s. With what was open before, %(closing)s is open."),
    ),
    "statement_paid": (
        "cash", _("A rebate was paid"), _("%(amount)s of %(statement)s was paid"),
        _("Transferred on %(day)s, %(reference)s."),
    ),
    "wallet_credited": (
        "wallet", _("A rebate was paid into your wallet"), _("%(amount)s was paid into your wallet"),
        _("For %(statement)s. Your next orders can use it."),
    ),
    "goods_due": (
        "box", _("A rebate is paid in goods"), _("%(amount)s of %(statement)s is paid in goods"), _("%(what)s"),
    ),
    "goods_delivered": (
        "box", _("Goods of a rebate were delivered"), _("Goods of %(statement)s were delivered on %(day)s"),
        _("%(what)s"),
    ),
    "credit_note_due": (
        "receipt-refund", _("A rebate is paid by credit note"), _("%(amount)s of %(statement)s is paid by credit note"),
        _("You are told its number when it is issued."),
    ),
    "credit_note_issued": (
        "receipt-refund", _("A credit note of a rebate was issued"),
        _("Credit note %(number)s for %(amount)s was issued on %(day)s"), _("It pays %(statement)s."),
    ),
}  # fmt: skip


def register() -> None:
    for name, (icon, label, title, body) in NOTICES.items():
        kinds.register(f"rebates.{name}", icon=icon, roles=PARTNER, label=label, title=title, body=body)
    words.register({"goods delivered": _("goods delivered"), "credit note issued": _("credit note issued")})
    words.register_names(
        {
            "method": pgettext_lazy("change", "paid as"),
            "delivered_on": pgettext_lazy("change", "delivered on"),
            "issued_on": pgettext_lazy("change", "issued on"),
        }
    )
    menu.register(
        section="Money", label=_("Rebates in goods"), icon="box", url="rebates:goods", verb="rebates.view_runs",
        order=56,
    )  # fmt: skip
    menu.register(
        section="Money", label=_("Rebates by credit note"), icon="receipt-refund", url="rebates:credit_notes",
        verb="rebates.view_runs", order=56,
    )  # fmt: skip
    menu.register(
        section="Money", label=_("Wallets"), icon="wallet", url="rebates:wallets", verb="rebates.view_runs", order=57
    )  # fmt: skip
    menu.register(
        section="", label=_("Wallet"), icon="wallet", url="rebates:wallet", verb="rebates.view", order=53,
        audience="partner",
    )  # fmt: skip
