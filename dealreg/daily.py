"""What is due each day: reminders, then the end of what has run out."""

from __future__ import annotations

from dealreg.models import DealRegistration
from dealreg.services import expire_registration, remind_of_end
from prm.jobs.daily import daily
from prm.values.actor import Actor


@daily("dealreg.protections")
def look_after_protections() -> None:
    """Remind partners of protections that end soon, and close the registrations whose protection has ended."""
    by = Actor.job("protections")
    everyone = DealRegistration.objects.for_everyone(because="the day's work concerns every partner")
    for registration in everyone.ending_soon():
        remind_of_end(registration=registration, by=by)
    for registration in everyone.ended():
        expire_registration(registration=registration, by=by)
