from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class ConfigurationConfig(AppConfig):
    name = "prm.configuration"
    label = "configuration"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _
        from django.utils.translation import pgettext_lazy

        from prm.access import permissions
        from prm.access.roles import Role
        from prm.audit import words
        from prm.ui import menu

        admin = [Role.ADMINISTRATOR]
        permissions.register("configuration.view", label=_("Compare configurations"), roles=admin, reads=True)
        permissions.register(
            "configuration.export",
            label=_("Download the configuration"),
            roles=admin,
            sensitive=True,
            reads=True,
        )
        permissions.register(
            "configuration.apply", label=_("Apply a configuration"), roles=admin, sensitive=True
        )
        words.register_names(
            {"what": pgettext_lazy("change", "what"), "size": pgettext_lazy("change", "size")}
        )
        words.register({"configuration_applied": _("configuration applied")})
        menu.register(
            section="Set-up",
            label=_("Configuration as text"),
            icon="file-text",
            url="configuration:page",
            verb="configuration.view",
            order=940,
        )
        autodiscover_modules("configuration")
