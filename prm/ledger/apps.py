from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LedgerConfig(AppConfig):
    name = "prm.ledger"
    label = "ledger"
    verbose_name = _("Ledger")

    def ready(self) -> None:
        from prm.access import permissions
        from prm.access.roles import Role

        permissions.register(
            "ledger.view", label=_("See the ledger"), roles=[Role.FINANCE, Role.ADMINISTRATOR], reads=True
        )
