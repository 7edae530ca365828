from django.apps import AppConfig


class DealregConfig(AppConfig):
    name = "dealreg"
    label = "dealreg"

    def ready(self) -> None:
        from dealreg import approvals, conditions, conflicts, customer_part, home, measures, registrations
        from prm.customers.services import on_merge

        registrations.register()
        approvals.register()
        home.register()
        conditions.register()
        measures.register()
        on_merge(conflicts.move_to_survivor)
        customer_part.register()
