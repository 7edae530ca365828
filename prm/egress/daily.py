from prm.egress.services import prune
from prm.jobs.daily import daily

daily("egress.prune")(prune)
