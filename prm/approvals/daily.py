"""What is due each day: whoever is away from today on has a stand-in."""

from prm.approvals.services import look_after_everybody
from prm.jobs.daily import daily

daily("approvals.people")(look_after_everybody)
