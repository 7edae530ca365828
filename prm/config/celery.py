"""Celery carries messages; the job and outbox tables are the truth about work."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prm.config.settings")

from celery.signals import setup_logging, worker_ready
from django.conf import settings
from tenant_schemas_celery.app import CeleryApp

import prm.config.health  # noqa: F401 (workers report that they live)

app = CeleryApp("prm")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.task_routes = {
    "prm.jobs.tasks.reap": {"queue": "system"},
    "prm.jobs.tasks.reap_tenant": {"queue": "system"},
    "prm.outbox.tasks.*": {"queue": "system"},
    "prm.sealing.tasks.*": {"queue": "system"},
    "prm.notices.tasks.send_letters_everywhere": {"queue": "system"},
    "prm.notices.tasks.send_pushes_everywhere": {"queue": "system"},
    "prm.notices.tasks.write_digests_everywhere": {"queue": "system"},
    "prm.egress.tasks.send_everywhere": {"queue": "system"},
    "prm.egress.tasks.send_of_tenant": {"queue": "system"},
    "prm.approvals.tasks.wake_everywhere": {"queue": "system"},
    "prm.approvals.tasks.carry_out_decision": {"queue": "system"},
    "rebates.tasks.keep_up_everywhere": {"queue": "system"},
}
app.conf.beat_schedule = {
    "reap": {
        "task": "prm.jobs.tasks.reap",
        "schedule": settings.JOBS_REAP_SECONDS,
        # Rounds outlive a short jam: were they dropped after one beat, a busy minute would drop them all.
        "options": {"queue": "system", "expires": 10 * settings.JOBS_REAP_SECONDS},
    },
    "deliver-events": {
        "task": "prm.outbox.tasks.deliver_everywhere",
        "schedule": 2.0,
        "options": {"queue": "system", "expires": 20},
    },
    # Every second, so that a row is sealed within two.
    "seal": {
        "task": "prm.sealing.tasks.seal_everywhere",
        "schedule": 1.0,
        "options": {"queue": "system", "expires": 10},
    },
    "send-letters": {
        "task": "prm.notices.tasks.send_letters_everywhere",
        "schedule": 20.0,
        "options": {"queue": "system", "expires": 20},
    },
    "send-pushes": {
        "task": "prm.notices.tasks.send_pushes_everywhere",
        "schedule": 20.0,
        "options": {"queue": "system", "expires": 20},
    },
    "digests": {
        "task": "prm.notices.tasks.write_digests_everywhere",
        "schedule": 60.0,
        "options": {"queue": "system", "expires": 60},
    },
    "send-outside": {
        "task": "prm.egress.tasks.send_everywhere",
        "schedule": 5.0,
        "options": {"queue": "system", "expires": 20},
    },
    "wake-approvals": {
        "task": "prm.approvals.tasks.wake_everywhere",
        "schedule": 30.0,
        "options": {"queue": "system", "expires": 60},
    },
    # Payments and tiers of a file, and what an event's listener left for want of time.
    "keep-accruals": {
        "task": "rebates.tasks.keep_up_everywhere",
        "schedule": 5.0,
        "options": {"queue": "system", "expires": 20},
    },
    "daily": {
        "task": "prm.jobs.tasks.run_daily",
        "schedule": 300.0,
        "options": {"queue": "system", "expires": 60},
    },
}


@setup_logging.connect
def _log_like_the_web(**kwargs: object) -> None:
    import logging.config

    logging.config.dictConfig(settings.LOGGING)


@worker_ready.connect
def _look_for_orphans(**kwargs: object) -> None:
    from prm.jobs.tasks import reap

    reap.apply_async(queue="system", expires=10)
