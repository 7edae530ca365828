from typing import Any

from django.utils.translation import gettext_lazy as _

from prm.automations.engine import run_for_event
from prm.outbox.events import listens_to_all
from prm.outbox.telling import current_event


@listens_to_all(label=_("Automations"))
def run_automations(fact: Any) -> None:
    """Every event may set automations off; which ones stands in their table."""
    run_for_event(current_event())
