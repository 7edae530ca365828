from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "prm.accounts"
    label = "accounts"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from prm.access import permissions
        from prm.access.roles import Role
        from prm.accounts.services import choose_language, note_language
        from prm.outbox import objects
        from prm.ui import language

        objects.register("user", "accounts.User", verb="accounts.view", find=("name", "email"))
        permissions.register("accounts.change_own", roles=Role.values, sensitive=True)
        permissions.register(
            "accounts.manage",
            label=_("Invite people, give roles, deactivate accounts"),
            roles=[Role.ADMINISTRATOR],
            sensitive=True,
        )
        permissions.register(
            "accounts.consent_to_support",
            label=_("Let an operator act for somebody"),
            roles=[Role.ADMINISTRATOR],
            sensitive=True,
        )
        permissions.register(
            "accounts.view", label=_("See users and roles"), roles=[Role.ADMINISTRATOR], reads=True
        )
        permissions.register(
            "accounts.invite_colleague",
            label=_("Invite colleagues"),
            roles=[Role.PARTNER_ADMIN],
            sensitive=True,
        )
        language.register_keeper(choose_language)
        language.register_noter(note_language)
        register_areas()
        register_words()
        register_menu()


def register_menu() -> None:
    from django.utils.translation import gettext_lazy as _

    from prm.ui import menu

    menu.register(
        section="Set-up",
        label=_("Users and roles"),
        icon="users-group",
        url="accounts:users",
        verb="accounts.view",
        order=100,
    )
    menu.register(
        section="Set-up",
        label=_("Support access"),
        icon="user-shield",
        url="support",
        verb="accounts.consent_to_support",
        order=940,
    )
    menu.register(
        section="Set-up",
        label=_("Account"),
        icon="user",
        url="accounts:account",
        verb="accounts.change_own",
        audience="both",
        order=900,
    )


def register_areas() -> None:
    """What the platform's own verbs are about, as a role of the tenant's own lists them."""
    from django.utils.translation import gettext_lazy as _
    from django.utils.translation import pgettext_lazy

    from prm.access.permissions import register_area

    register_area("people", _("People and roles"), names=["accounts"], order=90)
    register_area("approvals", pgettext_lazy("area", "Approvals"), names=["approvals"], order=70)
    register_area("customers", _("End customers"), names=["customers"], order=50)
    register_area("products", _("Products"), names=["catalogue", "products", "imports"], order=60)
    register_area("ledger", _("Ledger"), names=["ledger"], order=80)
    register_area("exchange", _("Exchange rates"), names=["exchange"], order=85)
    register_area(
        "automations",
        _("Automations and webhooks"),
        names=["automations", "egress", "outbox", "jobs"],
        order=100,
    )
    register_area("trail", _("Audit trail"), names=["audit"], order=110)
    register_area(
        "setup", _("Set-up"), names=["configuration", "fields", "notices", "tenancy", "views"], order=120
    )


def register_words() -> None:
    from django.utils.translation import gettext_lazy as _
    from django.utils.translation import pgettext_lazy

    from prm.access import permissions
    from prm.audit import words

    def labels(names: str) -> str:
        known = permissions.everything()
        return ", ".join(str(known[one].label or one) if one in known else one for one in names.split(", "))

    words.register({"role_made": _("role made"), "own_role_changed": _("permissions of the role changed")})
    words.register_names(
        {
            "verbs_added": pgettext_lazy("change", "may now"),
            "verbs_taken": pgettext_lazy("change", "may no longer"),
        }
    )
    words.register_values("verbs_added", labels)
    words.register_values("verbs_taken", labels)
