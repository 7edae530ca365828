"""What the designer tells the platform: its verbs, words and menu entry."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from prm.access import permissions
from prm.access.roles import Role
from prm.audit import words
from prm.ui import menu


def register() -> None:
    permissions.register(
        "approvals.design", label=_("Draft approval flows"), roles=[Role.ADMINISTRATOR], sensitive=True
    )
    permissions.register(
        "approvals.publish", label=_("Publish approval flows"), roles=[Role.ADMINISTRATOR], sensitive=True
    )
    words.register(
        {
            "flow_draft_replaced": _("draft of the flow replaced"),
            "flow_cases_moved": _("running cases moved to another version"),
        }
    )
    words.register_types({"approvals.flowversion": _("Version of an approval flow")})
    menu.register(
        section="Set-up", label=_("Approval flows"), icon="sitemap", url="flows:list", verb="approvals.design",
        order=110,
    )  # fmt: skip
