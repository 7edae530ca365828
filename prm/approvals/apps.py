from django.apps import AppConfig


class ApprovalsConfig(AppConfig):
    name = "prm.approvals"
    label = "approvals"

    def ready(self) -> None:
        from prm.approvals import registrations

        registrations.register()
