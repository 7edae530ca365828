from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "orders"
    label = "orders"

    def ready(self) -> None:
        from orders import finding, home, registrations

        registrations.register()
        finding.register()
        home.register()
