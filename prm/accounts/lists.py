"""The administrator's lists: people and invitations."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from prm.accounts.reads import CompanyNames, open_invitations, people
from prm.accounts.services import deactivate_user, resend_invitation, withdraw_invitation
from prm.ui.lists import Bulk, Choice, Create, Empty, Flag, Link, ListPage, Text, View, When
from prm.values import clock

BECAUSE = "people of one tenant; the page needs accounts.view"


class RoleColumn(Choice):
    """A role in plain words: it is no state."""

    def cell(self, row):
        return self.word(row)

    def word(self, row):
        return row.role_name


def _state(user):
    return _("Active") if user.is_active else _("Deactivated")


class UserList(ListPage):
    """Who may sign in, as what."""

    title = _("Users and roles")
    verb = "accounts.view"
    open_because = BECAUSE
    order = "name"
    search = ("name", "email")
    search_label = _("Name or e-mail")
    export_verb = "accounts.manage"
    template = "accounts/users.html"
    create = Create(_("Invite somebody"), "accounts:invite", "accounts.manage")
    empty = Empty(_("Nobody is here yet"), _("Invite the first colleague by e-mail."), icon="users")
    views = [
        View("active", _("Active"), lambda rows, actor: rows.filter(is_active=True)),
        View("inactive", _("Deactivated"), lambda rows, actor: rows.filter(is_active=False)),
        View("all", _("All")),
    ]
    bulk = [
        Bulk(
            "deactivate",
            _("Deactivate"),
            "accounts.manage",
            run=lambda user, actor: deactivate_user(user=user, by=actor),
            can=lambda user, actor: user.is_active and user.pk != actor.user_id,
        )
    ]

    def get_rows(self, actor):
        return people()

    def get_columns(self, actor):
        return [
            Link("name", label=pgettext_lazy("person", "Name"), sort=True),
            Text("email", label=_("E-mail"), sort=True, phone="sub"),
            RoleColumn("role", label=_("Role"), filter=True, phone="b"),
            Text("company", label=_("Partner"), value=CompanyNames()),
            Flag("second_factor", label=_("Second factor"), filter=True),
            When("last_login", label=_("Last sign-in"), sort=True),
            Choice("state", label=_("State"), value=_state, phone="d"),
        ]


def _invitation_state(invitation):
    return _("Waiting") if invitation.expires_at > clock.now() else _("Expired")


class InvitationList(ListPage):
    """Who has been invited and has not come yet."""

    title = _("Open invitations")
    verb = "accounts.view"
    open_because = BECAUSE
    order = "-created_at"
    search = ("name", "email")
    search_label = _("Name or e-mail")
    export_verb = "accounts.manage"
    create = Create(_("Invite somebody"), "accounts:invite", "accounts.manage")
    empty = Empty(_("No open invitation"), _("Who is invited stands here until they come."), icon="mail")
    columns = [
        Text("name", label=pgettext_lazy("person", "Name"), sort=True, phone="a", css="ui-strong"),
        Text("email", label=_("E-mail"), sort=True, phone="sub"),
        RoleColumn("role", label=_("Role"), filter=True, phone="b"),
        Text("invited_by", label=_("Invited by")),
        When("created_at", label=_("Invited"), sort=True),
        When("expires_at", label=_("Ends"), sort=True),
        Choice("state", label=_("State"), value=_invitation_state, phone="d"),
    ]
    bulk = [
        Bulk(
            "resend",
            _("Send again"),
            "accounts.manage",
            run=lambda row, actor: resend_invitation(invitation=row, by=actor),
        ),
        Bulk(
            "withdraw",
            _("Withdraw"),
            "accounts.manage",
            run=lambda row, actor: withdraw_invitation(invitation=row, by=actor),
        ),
    ]

    def get_rows(self, actor):
        return open_invitations()
