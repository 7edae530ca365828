from django.apps import AppConfig


class ConditionsConfig(AppConfig):
    name = "prm.conditions"
    label = "conditions"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from prm.access import permissions
        from prm.access.roles import Role
        from prm.audit import words
        from prm.conditions.refining import Refiner
        from prm.ui import refine

        permissions.register("conditions.use", roles=Role.values, reads=True)
        permissions.register("views.save", roles=Role.values)
        permissions.register(
            "views.share", label=_("Share views of lists with everybody"), roles=[Role.ADMINISTRATOR]
        )
        words.register(
            {
                "view_saved": _("view saved"),
                "view_changed": _("view changed"),
                "view_deleted": _("view deleted"),
            }
        )
        refine.register(Refiner())
