from django.apps import AppConfig


class EgressConfig(AppConfig):
    name = "prm.egress"
    label = "egress"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from prm.access import permissions
        from prm.access.roles import Role
        from prm.audit import words
        from prm.egress import kinds
        from prm.egress.webhooks import Webhook
        from prm.outbox import objects
        from prm.ui import menu

        objects.register("receiver", "egress.Receiver", verb="egress.view", find=("name",))
        kinds.register(Webhook())
        permissions.register(
            "egress.view",
            label=_("See webhooks and their deliveries"),
            roles=[Role.ADMINISTRATOR],
            reads=True,
        )
        # Whoever may say where events go may read all of them: never an operator acting for somebody.
        permissions.register(
            "egress.manage", label=_("Set up webhooks"), roles=[Role.ADMINISTRATOR], sensitive=True
        )
        words.register(
            {
                "receiver_created": _("receiver set up"),
                "secret_changed": _("secret changed"),
                "secret_shown": _("secret looked at"),
                "switched_on": _("switched on"),
                "switched_off": _("switched off"),
                "test_sent": _("test sent"),
            }
        )
        menu.register(
            section="Set-up",
            label=_("Webhooks and robots"),
            icon="plug",
            url="egress:list",
            verb="egress.view",
            order=220,
        )
