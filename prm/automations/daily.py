from datetime import timedelta

from django.conf import settings

from prm.automations.models import Run
from prm.jobs.daily import daily
from prm.values import clock


@daily("automations.prune")
def prune_runs() -> int:
    """Runs stay readable as long as the events that they were about."""
    return Run.objects.filter(at__lt=clock.now() - timedelta(days=settings.EVENTS_DAYS)).delete()[0]
