from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class JobsConfig(AppConfig):
    name = "prm.jobs"
    label = "jobs"

    def ready(self) -> None:
        from prm.access import permissions
        from prm.access.roles import STAFF_ROLES

        permissions.register("jobs.view", roles=STAFF_ROLES, reads=True)
        permissions.register("jobs.manage", roles=STAFF_ROLES)
        # "daily" modules name work that is due each day; "jobs" modules hold the handlers.
        autodiscover_modules("jobs", "daily")
