from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "prm.customers"
    label = "customers"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from prm.access.permissions import register
        from prm.access.roles import PARTNER_ROLES, STAFF_ROLES, Role
        from prm.audit import words
        from prm.customers import conditions, own_fields, updates
        from prm.outbox import objects, told
        from prm.ui import menu

        objects.register("customer", "customers.EndCustomer", verb="customers.view", find=("name", "number"))
        told.register(
            "customer", "customers.EndCustomer", customer_number="str", customer_name="str",
            read=lambda row: {"customer_number": row.number, "customer_name": row.name},
        )  # fmt: skip
        own_fields.register()
        conditions.register()
        updates.register()
        managers = (Role.ADMINISTRATOR, Role.CHANNEL_MANAGER)
        register("customers.view", label=_("See customers"), roles=STAFF_ROLES, reads=True)
        register("customers.edit", label=_("Change customers"), roles=managers)
        register("customers.merge", label=_("Merge customers"), roles=managers)
        register("customers.import", label=_("Import customers"), roles=managers)
        register(
            "customers.resolve", label=_("Say which customer a name means"), roles=(*managers, *PARTNER_ROLES)
        )
        register("customers.export", label=_("Export customers"), roles=managers, sensitive=True, reads=True)
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
