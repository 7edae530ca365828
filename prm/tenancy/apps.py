from typing import Any

from django.apps import AppConfig


class TenancyConfig(AppConfig):
    name = "prm.tenancy"
    label = "tenancy"

    def ready(self) -> None:
        from django.db.models.signals import post_delete
        from django.utils.translation import gettext_lazy as _
        from django_tenants.signals import tenant_delete_callback

        from prm.access import permissions
        from prm.access.roles import Role
        from prm.tenancy import checks  # noqa: F401 (registers itself)

        # Operators hold these by being operators; no role of a tenant does.
        for verb in ("create", "suspend", "resume", "delete", "export_tenant", "operate"):
            permissions.register(f"tenancy.{verb}", roles=[])
        permissions.register(
            "tenancy.brand", label=_("Change name, logo and colours"), roles=[Role.ADMINISTRATOR]
        )
        permissions.register(
            "tenancy.modules",
            label=_("Switch modules on and off"),
            roles=[Role.ADMINISTRATOR],
            sensitive=True,
        )
        # It listens to every model: to be called, each delete would first read all its rows. No schema is dropped so.
        post_delete.disconnect(tenant_delete_callback)
        register_words()
        register_menu()


def register_menu() -> None:
    from django.utils.translation import gettext_lazy as _

    from prm.ui import menu

    pages = (
        ("operator:tenants", _("Tenants"), "server", 10, 1),
        ("operator:jobs", _("Jobs"), "activity", 20, 2),
        ("operator:health", _("Health"), "shield-check", 30, 4),
        ("operator:log", _("Operator log"), "history", 40, None),
    )
    for url, label, icon, order, tab in pages:
        menu.register(
            section="Operation", label=label, icon=icon, url=url, order=order, tab=tab, audience="operator"
        )
    menu.register(
        section="Operation",
        label=_("Exports"),
        icon="database",
        url="operator:exports",
        order=25,
        audience="operator",
        count=news_of_exports,
        hot=True,
    )
    menu.register(
        section="Set-up",
        label=_("Brand"),
        icon="palette",
        url="tenancy:brand",
        verb="tenancy.brand",
        order=920,
    )
    menu.register(
        section="Set-up",
        label=_("Modules"),
        icon="toggle-left",
        url="tenancy:modules",
        verb="tenancy.modules",
        order=930,
    )


def news_of_exports(operator: Any) -> int:
    from prm.tenancy import exports

    return exports.news_for(operator)


def register_words() -> None:
    from django.utils.translation import gettext_lazy as _

    from prm.audit import words
    from prm.modules import registry

    def module_label(code: str) -> Any:
        return next((module.label for module in registry.modules() if module.code == code), code)

    words.register_values("module", module_label)
    words.register(
        {"module_switched_on": _("module switched on"), "module_switched_off": _("module switched off")}
    )
