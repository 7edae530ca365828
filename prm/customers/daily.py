"""What is due each day: which keys are common changes slowly."""

from __future__ import annotations

from prm.customers.bulk import count_keys
from prm.jobs.daily import daily


@daily("customers.count_keys")
def count_common_keys() -> None:
    """Count anew, so that searches go on reading few rows as the master grows."""
    count_keys()
