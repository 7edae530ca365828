from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class SpreadsheetsConfig(AppConfig):
    name = "prm.spreadsheets"
    label = "spreadsheets"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from prm.access import permissions
        from prm.access.roles import STAFF_ROLES, Role
        from prm.spreadsheets import finding, waiting
        from prm.ui import menu

        keepers = (Role.ADMINISTRATOR, Role.CHANNEL_MANAGER)
        # Partners bring in what they report of their own business; they see the files of their own person only.
        importers = [*STAFF_ROLES, Role.PARTNER_ADMIN]
        permissions.register("imports.view", label=_("See imports"), roles=importers, reads=True)
        permissions.register("products.import", label=_("Import products"), roles=keepers)
        # Each app's "imports" module declares its kinds; those of the platform are here.
        autodiscover_modules("imports")
        finding.register()
        waiting.register()
        menu.register(
            section="Set-up", label=_("Imports"), icon="database-import", url="spreadsheets:list", verb="imports.view",
            order=30,
        )  # fmt: skip
