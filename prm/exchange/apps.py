from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ExchangeConfig(AppConfig):
    name = "prm.exchange"
    label = "exchange"
    verbose_name = _("Exchange rates")

    def ready(self) -> None:
        from prm.access import permissions
        from prm.access.roles import Role
        from prm.exchange import events, registrations  # noqa: F401

        money = [Role.FINANCE, Role.ADMINISTRATOR]
        permissions.register("exchange.view", label=_("See exchange rates"), roles=money, reads=True)
        permissions.register("exchange.propose", label=_("Enter exchange rates"), roles=money)
        permissions.register(
            "exchange.confirm", label=_("Confirm exchange rates of others"), roles=money, sensitive=True
        )
        permissions.register(
            "exchange.configure", label=_("Say whose exchange rates count"), roles=money, sensitive=True
        )
        permissions.register(
            "exchange.export", label=_("Export exchange rates"), roles=money, sensitive=True, reads=True
        )
        registrations.register()
