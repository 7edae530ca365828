from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "orders"
    label = "orders"

    def ready(self) -> None:
        from prm.access import permissions
        from prm.access.roles import PARTNER_ROLES, STAFF_ROLES, Role

        everybody = (*STAFF_ROLES, *PARTNER_ROLES)
        movers = (Role.ADMINISTRATOR, Role.CHANNEL_MANAGER)
        permissions.register("orders.view", roles=everybody, reads=True)
        permissions.register("orders.order", roles=PARTNER_ROLES)
        permissions.register("orders.cancel", roles=(*movers, *PARTNER_ROLES))
        permissions.register("orders.approve", roles=movers, sensitive=True)
        permissions.register("orders.fulfil", roles=movers)
        permissions.register("orders.invoice", roles=STAFF_ROLES)
        permissions.register("orders.pay", roles=(Role.ADMINISTRATOR, Role.FINANCE), sensitive=True)
        permissions.register("orders.price", roles=movers)
        permissions.register("sales.view", roles=STAFF_ROLES, reads=True)
        permissions.register("sales.import", roles=STAFF_ROLES)
        permissions.register("sales.export", roles=STAFF_ROLES, sensitive=True, reads=True)
