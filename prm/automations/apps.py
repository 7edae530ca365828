from django.apps import AppConfig


class AutomationsConfig(AppConfig):
    name = "prm.automations"
    label = "automations"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from prm.access import permissions
        from prm.access.roles import Role
        from prm.automations import work
        from prm.notices import kinds
        from prm.notices.work import register as register_work
        from prm.ui import menu

        permissions.register(
            "automations.view",
            label=_("See automations and their runs"),
            roles=[Role.ADMINISTRATOR],
            reads=True,
        )
        # Whoever sets up automations decides who is told of what: never an operator acting for somebody.
        permissions.register(
            "automations.manage", label=_("Set up automations"), roles=[Role.ADMINISTRATOR], sensitive=True
        )
        permissions.register("automations.do_task", roles=Role.values)
        _register_words()
        kinds.register(
            "automations.notice",
            title=_("%(text)s"),
            body=_("%(automation)s: %(object)s"),
            icon="bolt",
            label=_("Notices of automations"),
        )
        register_work(work.open_tasks, sets=work.open_sets)
        menu.register(
            section="Set-up",
            label=_("Automations"),
            icon="bolt",
            url="automations:list",
            verb="automations.view",
            order=205,
        )


def _register_words() -> None:
    from django.utils.translation import gettext_lazy as _
    from django.utils.translation import pgettext_lazy

    from prm.audit import words

    words.register(
        {
            "action_added": _("action added"),
            "action_changed": _("action changed"),
            "action_removed": _("action taken away"),
            "actions_ordered": _("actions in another order"),
            "run_repeated": _("run repeated"),
            "task_done": _("task done"),
        }
    )
    words.register_names(
        {
            "action": pgettext_lazy("change", "action"),
        }
    )
