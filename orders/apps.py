from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "orders"
    label = "orders"

    def ready(self) -> None:
        from orders import home, own_fields, registrations

        registrations.register()
        own_fields.register()
        home.register()
