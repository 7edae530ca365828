from __future__ import annotations

import time

from django.db import connection

from prm.jobs.errors import JobNotOpen
from prm.jobs.handlers import JobHandler, job_handler

TABLE = "counted_steps"


@job_handler("tests.count")
class Count(JobHandler):
    """Each step writes its number and then takes a while, so that a kill finds it amid its work."""

    title = "Counting"

    def total(self, job):
        return job.params["steps"]

    def name(self, job, step):
        return f"step {step}"

    def run(self, job, step):
        if job.params.get("breaks_at") == step and job.attempt <= job.params.get("breaks", 1):
            raise RuntimeError(f"no step {step} today")
        if job.params.get("refused_at") == step:
            raise JobNotOpen()
        with connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO {TABLE} (job, step) VALUES (%s, %s)", [job.pk, step])
            if job.attempt == 1:  # who goes on after a kill need not sleep
                cursor.execute("SELECT pg_sleep(%s)", [job.params.get("asleep_at_first", 0)])
        job.say(counted=step + 1)
        time.sleep(job.params.get("pause", 0))

    def finish(self, job):
        job.result = {"counted": job.step}


def make_table() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE IF NOT EXISTS {TABLE} (job bigint, step int)")


def counted(job) -> list[int]:
    """The steps that were committed, with doubles, in order."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT step FROM {TABLE} WHERE job = %s ORDER BY step", [job.pk])
        return [row[0] for row in cursor.fetchall()]


@job_handler("tests.shared")
class Shared(JobHandler):
    """Three steps; the one in the middle falls into parts, each of which writes its number."""

    title = "Sharing"
    # Tests put functions here, by part: what happens amid that part.
    amid: dict = {}

    def total(self, job):
        return 3

    def parts(self, job, step):
        return job.params["parts"] if step == 1 else 0

    def run_part(self, job, step, part):
        with connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO {TABLE} (job, step) VALUES (%s, %s)", [job.pk, part])
        self.amid.get(part, lambda: None)()
        return {"parts": 1}

    def run(self, job, step):
        job.say(**{f"step {step}": 1})
