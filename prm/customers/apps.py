from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "prm.customers"
    label = "customers"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from prm.access.permissions import register
        from prm.access.roles import PARTNER_ROLES, STAFF_ROLES, Role
        from prm.audit import words
        from prm.customers import conditions
        from prm.ui import menu

        conditions.register()
        managers = (Role.ADMINISTRATOR, Role.CHANNEL_MANAGER)
        register("customers.view", roles=STAFF_ROLES, reads=True)
        register("customers.edit", roles=managers)
        register("customers.merge", roles=managers)
        register("customers.import", roles=managers)
        register("customers.resolve", roles=(*managers, *PARTNER_ROLES))
        register("customers.export", roles=managers, sensitive=True, reads=True)
        menu.register(
            section="Channel",
            label=_("End customers"),
            icon="buildings",
            url="customers:list",
            verb="customers.view",
            order=30,
        )
        words.register(
            {
                "completed": _("completed"),
                "confirmed": _("confirmed as a company of its own"),
                "merged": _("merged"),
                "customers.imported": _("customers imported"),
                "asked": _("asked"),
            }
        )
