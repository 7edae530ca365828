from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class SpreadsheetsConfig(AppConfig):
    name = "prm.spreadsheets"
    label = "spreadsheets"

    def ready(self) -> None:
        from prm.access import permissions
        from prm.access.roles import STAFF_ROLES, Role

        keepers = (Role.ADMINISTRATOR, Role.CHANNEL_MANAGER)
        permissions.register("imports.view", roles=STAFF_ROLES, reads=True)
        permissions.register("products.import", roles=keepers)
        # Each app's "imports" module declares its kinds; those of the platform are here.
        autodiscover_modules("imports")
