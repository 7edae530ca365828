from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class JobsConfig(AppConfig):
    name = "prm.jobs"
    label = "jobs"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from prm.access import permissions
        from prm.access.roles import Role
        from prm.jobs.daily import daily
        from prm.outbox import objects
        from prm.outbox.services import prune
        from prm.ui import menu

        objects.register("job", "jobs.Job", verb="jobs.view", find=("title",))
        # Everybody sees jobs: partners' people those that they began, staff all of them.
        permissions.register("jobs.view", roles=Role.values, reads=True)
        permissions.register("jobs.manage", roles=Role.values)
        permissions.register(
            "jobs.manage_all", label=_("See and stop everybody's background jobs"), roles=[Role.ADMINISTRATOR]
        )
        menu.register(
            section="Set-up",
            label=_("Background jobs"),
            icon="activity",
            url="jobs:list",
            verb="jobs.view",
            audience="staff",
            order=300,
        )
        # "daily" modules name work that is due each day; "jobs" modules hold the handlers.
        autodiscover_modules("jobs", "daily")
        # The outbox stands below the jobs and cannot ask for its own day's work.
        daily("outbox.prune")(prune)
