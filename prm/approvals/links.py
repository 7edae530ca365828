"""The signed link in a letter: it shows a short form, and only its one button decides.

Bound to the person, the task and the version of the flow; it dies with the decision, a hand-over, a return and a new
version, because each of them closes the task or changes what is signed. It opens no session.
"""

from __future__ import annotations

from datetime import timedelta

from django.utils.crypto import constant_time_compare, salted_hmac

from prm.access.scope import actor_for
from prm.approvals import subjects
from prm.approvals.models import ApprovalRun, Task
from prm.values import clock
from prm.values.actor import Actor

VALID_FOR = timedelta(days=30)


def token_of(task: Task) -> str:
    """The letter's token: the task's number and a signature that needs the installation's secret."""
    signed = f"{task.pk}:{task.nonce}:{task.user_id}:{task.run.version_id}:{task.passage}"
    return f"{task.pk}-{salted_hmac('approvals.link', signed, algorithm='sha256').hexdigest()}"


def task_of(token: str) -> Task | None:
    """The open task that a token opens; None for a token that was never or is no longer good."""
    number, _, _signature = token.partition("-")
    if not number.isdecimal() or len(number) > 18:
        return None
    rows = Task.objects.select_related("run__version__flow", "run__submitter", "user")
    task = rows.filter(pk=int(number)).first()
    if task is None or not constant_time_compare(token_of(task), token):
        return None
    return task if _is_good(task) else None


def _is_good(task: Task) -> bool:
    if not (task.is_open and task.user.is_active and task.run.state == ApprovalRun.State.RUNNING):
        return False
    subject = subjects.subject_of(task.run.subject)
    return subject.links and subject.is_on and task.since > clock.now() - VALID_FOR


def actor_of(task: Task, **known: object) -> Actor:
    """The task's person, acting by the link: may decide this task and nothing else is asked of them."""
    return actor_for(task.user, kind="link", **known)
