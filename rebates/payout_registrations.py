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
        _("Transferred on %(day)s, reference %(reference)s."),
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
}  # fmt: skip


def register() -> None:
    for name, (icon, label, title, body) in NOTICES.items():
        kinds.register(f"rebates.{name}", icon=icon, roles=PARTNER, label=label, title=title, body=body)
    words.register({"goods delivered": _("goods delivered")})
    words.register_names(
        {
            "method": pgettext_lazy("change", "paid as"),
            "delivered_on": pgettext_lazy("change", "delivered on"),
        }
    )
    menu.register(
        section="Money", label=_("Rebates in goods"), icon="box", url="rebates:goods", verb="rebates.view_runs",
        order=56,
    )  # fmt: skip
    menu.register(
        section="Money", label=_("Wallets"), icon="wallet", url="rebates:wallets", verb="rebates.view_runs", order=57
    )  # fmt: skip
    menu.register(
        section="", label=_("Wallet"), icon="wallet", url="rebates:wallet", verb="rebates.view", order=53,
        audience="partner",
    )  # fmt: skip
