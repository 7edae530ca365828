"""What the pages of a settlement say beside its figures: talk, held payments, what needs a look."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from prm.access.rules import allowed
from prm.ui.parts import Verb
from prm.values.actor import Actor
from rebates import few_members, gaps, looks, outliers, since_closed
from rebates.models import FindingAnswer, PaymentHold, RunComment, SettlementRun
from rebates.services.answering import OPEN

State = SettlementRun.State
HOLDABLE = (State.COMPUTED, State.IN_REVIEW, State.APPROVED, State.CLOSED)
OUTLIERS = ("outlier_own", "outlier_group")
LEFT_OUT = (
    "other_currency", "no_day", "few_members", "year_without_lines", "settled_outside_without_lines", "budget",
)  # fmt: skip
FIRST = 5  # outliers on the settlement's own page


def of_run(run: SettlementRun, actor: Actor) -> dict[str, Any]:
    """Talk and open holds of a settlement; by partner how much was said and whether its payment is held."""
    comments = list(RunComment.objects.visible_to(actor).of_run(run))
    holds = list(PaymentHold.objects.visible_to(actor).of_run(run).open())
    return {
        "answers": answers_of(run, actor),
        "few_members": [
            few_members.words(finding) for finding in run.findings if finding["kind"] == "few_members"
        ],
        "comments": comments,
        "holds": holds,
        "said_about": Counter(comment.about_id for comment in comments if comment.about_id),
        "held_partners": {hold.partner_id for hold in holds},
    }


def of_partner(run: SettlementRun, partner: Any, actor: Actor) -> dict[str, Any]:
    """The same about one partner, with the verbs that hold and release its payment."""
    comments = RunComment.objects.visible_to(actor).of_run(run).filter(about=partner)
    holds = list(PaymentHold.objects.visible_to(actor).of_run(run).filter(partner=partner))
    is_held = any(hold.released_at is None for hold in holds)
    return {"comments": comments, "holds": holds, "verbs": _verbs(run, partner, is_held, actor)}


def _verbs(run: SettlementRun, partner: Any, is_held: bool, actor: Actor) -> list[Verb]:
    def to(name: str) -> str:
        return reverse(f"rebates:{name}", args=[run.number, partner.pk])

    verbs = [Verb(_("Comment…"), href=to("partner_comment"), icon="message")]
    if not allowed(actor, "rebates.settle"):
        return verbs
    if is_held:
        return [Verb(_("Release the hold…"), href=to("hold_release"), icon="lock-open", primary=True), *verbs]
    if run.state in HOLDABLE:
        return [*verbs, Verb(_("Hold payment…"), href=to("hold"), icon="lock", final=True)]
    return verbs


def rule_of_outliers() -> dict[str, Any]:
    """The numbers of the rule, for its sentence."""
    return {
        "periods": outliers.PERIODS, "least": outliers.LEAST, "share": outliers.SHARE, "group": outliers.GROUP,
        "times": outliers.TIMES, "money": outliers.MONEY,
    }  # fmt: skip


def may_answer(run: SettlementRun, actor: Actor) -> bool:
    return run.state in OPEN and allowed(actor, "rebates.settle")


def look(run: SettlementRun, actor: Actor) -> dict[str, Any]:
    """All that needs a look in a computed settlement, with what was answered."""
    found, late, credits = looks.found_in(run), gaps.late_lines(run), gaps.late_credits(run)
    return {
        "run": run,
        "found": found,
        "may_answer": may_answer(run, actor),
        "too_late": since_closed.after_grace(late.rows) | since_closed.after_grace(credits.rows),
        "outliers": found.of(*OUTLIERS),
        "is_full": len(found.outliers) == outliers.MOST,
        "rule": rule_of_outliers(),
        "gaps": found.gaps,
        "missing": {one.kind: one for one in found.of("without_tier", "without_figure", "nameless_returns")},
        "uncounted": found.of("uncounted"),
        "left_out": found.of(*LEFT_OUT),
        "late": late,
        "late_credits": credits,
        "returns": gaps.returns(run),
    }


def look_in_short(run: SettlementRun, actor: Actor) -> dict[str, Any]:
    """The largest outliers and how many findings are answered, for the settlement's own page."""
    far = looks.largest_outliers(run, FIRST + 1)
    count, answered = looks.counts(run)
    return {
        "run": run,
        "count": count,
        "answered": answered,
        "may_answer": may_answer(run, actor),
        "first": far[:FIRST],
        "has_more": len(far) > FIRST,
    }


def answers_of(run: SettlementRun, actor: Actor) -> list[FindingAnswer]:
    """What was answered to findings of the run, also to figures that it has no more."""
    return list(FindingAnswer.objects.visible_to(actor).of_run(run))
