"""What reviews of settlements tell the platform: notices, words of the audit trail."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from prm.access.roles import Role
from prm.audit import words
from prm.notices import kinds

MONEY = (Role.FINANCE, Role.ADMINISTRATOR)
# Kind: icon, how it is called in the settings, heading, text.
NOTICES = {
    "run_mentioned": (
        "message", _("Somebody mentions you in a settlement"), _("%(author)s mentions you: %(number)s"),
        _("%(about)s%(text)s"),
    ),
    "payment_held": (
        "lock", _("A payment of a settlement is held"), _("%(partner)s: payment of %(number)s is held"),
        _("%(who)s: %(reason)s"),
    ),
    "payment_hold_released": (
        "lock-open", _("A held payment is released"), _("%(partner)s: payment of %(number)s is open again"),
        _("%(who)s: %(reason)s"),
    ),
}  # fmt: skip


def register() -> None:
    for name, (icon, label, title, body) in NOTICES.items():
        kinds.register(f"rebates.{name}", icon=icon, roles=MONEY, label=label, title=title, body=body)
    words.register(
        {
            "commented": _("commented"),
            "finding answered": _("finding answered"),
            "findings waived": _("handed over with findings unanswered"),
            "payment held": _("payment held"),
            "hold released": _("hold of a payment released"),
        }
    )
    words.register_names(
        {"finding": pgettext_lazy("change", "finding"), "findings": pgettext_lazy("change", "findings")}
    )
