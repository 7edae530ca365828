from django.apps import AppConfig


class ApprovalsConfig(AppConfig):
    name = "prm.approvals"
    label = "approvals"

    def ready(self) -> None:
        from prm.approvals import design_registrations, registrations
        from prm.approvals.own_fields import in_flows
        from prm.customfields import targets

        registrations.register()
        targets.uses.append(in_flows)
        design_registrations.register()
