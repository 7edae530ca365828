from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "prm.accounts"
    label = "accounts"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from prm.access import permissions
        from prm.access.roles import Role
        from prm.accounts.services import choose_language
        from prm.ui import language, menu

        permissions.register("accounts.change_own", roles=Role.values, sensitive=True)
        permissions.register("accounts.manage", roles=[Role.ADMINISTRATOR], sensitive=True)
        permissions.register("accounts.consent_to_support", roles=[Role.ADMINISTRATOR], sensitive=True)
        permissions.register("accounts.view", roles=[Role.ADMINISTRATOR], reads=True)
        permissions.register("accounts.invite_colleague", roles=[Role.PARTNER_ADMIN], sensitive=True)
        language.register_keeper(choose_language)
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
