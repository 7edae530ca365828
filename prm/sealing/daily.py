from prm.jobs.daily import daily
from prm.sealing.services import hand_out_head


@daily("sealing.head")
def hand_out() -> None:
    """Each day's head leaves the house."""
    hand_out_head()
