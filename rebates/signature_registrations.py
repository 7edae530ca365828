"""What signatures tell the platform: the verb, notices, work that waits, words of the trail."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from prm.access import permissions
from prm.access.roles import Role
from prm.audit import words
from prm.notices import kinds, work
from prm.ui import menu
from prm.values import clock, pulse
from prm.values.actor import Actor

MONEY = (Role.FINANCE, Role.ADMINISTRATOR)
NOTICES = {
    "sign_wanted": (
        (Role.PARTNER_ADMIN,), _("A rebate agreement waits for your signature"),
        _("%(programme)s, version %(number)s: read it and sign it"), _("It is in force from %(day)s. %(effect)s"),
    ),
    "sign_signed": (
        MONEY, _("A partner signed a rebate agreement"), _("%(partner)s signed %(programme)s, version %(number)s"),
        _("%(person)s signed it."),
    ),
    "sign_declined": (
        MONEY, _("A partner declined a rebate agreement"),
        _("%(partner)s declined %(programme)s, version %(number)s"), _("%(person)s: %(reason)s"),
    ),
}  # fmt: skip


def register() -> None:
    permissions.register("rebates.sign", label=_("Sign programmes"), roles=[Role.PARTNER_ADMIN])
    for name, (roles, label, title, body) in NOTICES.items():
        kinds.register(f"rebates.{name}", icon="edit", roles=roles, label=label, title=title, body=body)
    words.register({"reminded of signatures": _("partners reminded of their signature")})
    words.register({"signed": pgettext_lazy("done", "signed"), "declined": pgettext_lazy("done", "declined")})
    words.register_types({"rebates.signature": _("Signature of a programme version")})
    words.register_names({"version": pgettext_lazy("change", "version")})
    work.register(open_work, count=count_open_work, verb="rebates.sign")
    menu.register(
        section="", label=_("Agreements"), icon="edit", url="rebates:agreements", verb="rebates.view", order=52,
        audience="partner",
    )  # fmt: skip


def open_work(actor: Actor) -> Iterable[work.Work]:
    """Versions that wait for the signature of the reader's company."""
    for version in _waiting(actor):
        yield work.Work(
            title=str(version.programme), subtitle=str(_("version %(number)s") % {"number": version.number}),
            link=reverse("rebates:agreement_sign", args=[version.programme.code, version.number]),
            since=version.published_at or clock.now(), kind=_("Agreement to sign"), icon="edit",
        )  # fmt: skip


def count_open_work(actor: Actor) -> int:
    if "rebates.sign" not in actor.permissions or actor.partner_id is None:
        return 0
    return pulse.kept("signatures", actor, lambda: len(_waiting(actor)))


def _waiting(actor: Actor) -> list[Any]:
    from rebates.signing import own_versions

    if "rebates.sign" not in actor.permissions or actor.partner_id is None:
        return []
    return [version for version, standing in own_versions(actor) if standing.answer is None]
