from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "prm.customers"
    label = "customers"

    def ready(self) -> None:
        from prm.access.permissions import register
        from prm.access.roles import PARTNER_ROLES, STAFF_ROLES, Role

        managers = (Role.ADMINISTRATOR, Role.CHANNEL_MANAGER)
        register("customers.view", roles=STAFF_ROLES, reads=True)
        register("customers.edit", roles=managers)
        register("customers.merge", roles=managers)
        register("customers.import", roles=managers)
        register("customers.resolve", roles=(*managers, *PARTNER_ROLES))
