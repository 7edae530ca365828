from django.apps import AppConfig


class ApprovalsConfig(AppConfig):
    name = "prm.approvals"
    label = "approvals"

    def ready(self) -> None:
        from prm.approvals import design_registrations, registrations

        registrations.register()
        design_registrations.register()
