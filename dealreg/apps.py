from django.apps import AppConfig


class DealregConfig(AppConfig):
    name = "dealreg"
    label = "dealreg"

    def ready(self) -> None:
        from dealreg import registrations

        registrations.register()
