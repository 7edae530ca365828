from django.apps import AppConfig


class ApprovalsConfig(AppConfig):
    name = "prm.approvals"
    label = "approvals"

    def ready(self) -> None:
        from prm.approvals import design_registrations, registrations, subjects, working
        from prm.approvals.own_fields import in_flows, set_by_flows
        from prm.automations import days
        from prm.customfields import targets

        registrations.register()
        targets.uses.append(in_flows)
        subjects.more_settable.append(set_by_flows)
        days.register(working.calendar)
        design_registrations.register()
