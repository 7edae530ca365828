from django.apps import AppConfig


class CatalogueConfig(AppConfig):
    name = "prm.catalogue"
    label = "catalogue"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from prm.access import permissions
        from prm.access.roles import STAFF_ROLES, Role
        from prm.outbox import objects
        from prm.ui import menu

        objects.register("product", "catalogue.Product", verb="catalogue.view", find=("code", "name"))
        permissions.register("catalogue.view", label=_("See products"), roles=STAFF_ROLES, reads=True)
        permissions.register(
            "catalogue.edit",
            label=_("Change products and prices"),
            roles=[Role.ADMINISTRATOR, Role.CHANNEL_MANAGER],
        )
        permissions.register(
            "catalogue.export", label=_("Export products"), roles=STAFF_ROLES, sensitive=True, reads=True
        )
        from prm.catalogue import conditions, events, own_fields, updates  # noqa: F401

        conditions.register()
        own_fields.register()
        updates.register()
        menu.register(
            section="Channel",
            label=_("Products"),
            icon="package",
            url="catalogue:products",
            verb="catalogue.view",
            order=50,
        )
