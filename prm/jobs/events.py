from prm.outbox.events import event


@event("jobs.finished", version=1)
class JobFinished:
    job_id: int


@event("jobs.failed", version=1)
class JobFailed:
    job_id: int
