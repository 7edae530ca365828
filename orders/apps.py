from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "orders"
    label = "orders"

    def ready(self) -> None:
        from orders import approvals, conditions, finding, home, measures, own_fields, registrations, updates

        registrations.register()
        finding.register()
        own_fields.register()
        updates.register()
        approvals.register()
        home.register()
        conditions.register()
        measures.register()
        self._declare()

    def _declare(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from orders.registrations import open_work_when_off
        from prm.modules import registry

        registry.register(
            "orders",
            label=_("Orders"),
            text=_(
                "Catalogue at own prices, cart, orders, shipments, invoices, price lists, sales lines and credits of"
                " agents."
            ),
            names=("orders", "sales", "credits"),
            order=30,
            open_work=open_work_when_off,
        )
