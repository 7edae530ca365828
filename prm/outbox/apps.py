from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class OutboxConfig(AppConfig):
    name = "prm.outbox"
    label = "outbox"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from prm.access import permissions
        from prm.access.roles import Role
        from prm.audit import words
        from prm.outbox import lists
        from prm.ui import menu

        permissions.register("outbox.view", label=_("See events"), roles=[Role.ADMINISTRATOR], reads=True)
        permissions.register(
            "outbox.manage", label=_("Deliver events again or give them up"), roles=[Role.ADMINISTRATOR]
        )
        words.register(
            {
                "delivery_retried": _("delivery tried again"),
                "deliveries_retried": _("deliveries tried again"),
                "delivery_given_up": _("delivery given up"),
            }
        )
        menu.register(
            section="Set-up",
            label=_("Events"),
            icon="send",
            url="outbox:list",
            verb="outbox.view",
            order=210,
            count=lists.dead_count,
            hot=True,
        )
        autodiscover_modules("events", "listeners")
