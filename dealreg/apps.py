from django.apps import AppConfig


class DealregConfig(AppConfig):
    name = "dealreg"
    label = "dealreg"

    def ready(self) -> None:
        from dealreg import (
            approvals,
            conditions,
            conflicts,
            customer_part,
            home,
            measures,
            own_fields,
            registrations,
            updates,
        )
        from prm.customers.services import on_merge

        registrations.register()
        self._declare()
        own_fields.register()
        updates.register()
        approvals.register()
        home.register()
        conditions.register()
        measures.register()
        on_merge(conflicts.move_to_survivor)
        customer_part.register()

    def _declare(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from dealreg.registrations import open_work_when_off
        from prm.modules import registry

        registry.register(
            "dealreg",
            label=_("Deal registration"),
            text=_(
                "Partners register end customers, the conflict check finds who was first, protections run."
            ),
            order=20,
            open_work=open_work_when_off,
        )
