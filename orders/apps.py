from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "orders"
    label = "orders"

    def ready(self) -> None:
        from orders import conditions, home, measures, own_fields, registrations

        registrations.register()
        own_fields.register()
        home.register()
        conditions.register()
        measures.register()
