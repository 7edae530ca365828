from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "orders"
    label = "orders"

    def ready(self) -> None:
        from orders import approvals, conditions, home, measures, registrations

        registrations.register()
        approvals.register()
        home.register()
        conditions.register()
        measures.register()
