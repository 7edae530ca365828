from django.apps import AppConfig


class CustomFieldsConfig(AppConfig):
    name = "prm.customfields"
    label = "customfields"

    def ready(self) -> None:
        from prm.customfields import registrations

        registrations.register()
