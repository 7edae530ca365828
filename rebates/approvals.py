"""Settlements and the publication of programme versions as subjects of approval flows.

Both are decided by people only, never from a letter: soundness refuses a flow that would do otherwise. What the rules
of settlements say of authors and second persons holds at every step, and again when the run is approved.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from prm.access.roles import Role
from prm.approvals import reads, subjects
from prm.approvals.models import ApprovalRun
from prm.approvals.subjects import Subject
from prm.ui import formats
from prm.ui.parts import Fact
from prm.values.actor import Actor
from rebates.models import FindingAnswer, SettlementRun, Version

SETTLEMENT = "settlement"
PROGRAMME = "programme"
MONEY = (Role.FINANCE, Role.ADMINISTRATOR)


def register() -> None:
    subjects.register(
        Subject(
            code=SETTLEMENT,
            label=_("Settlement"),
            model="rebates.SettlementRun",
            verb="rebates.approve",
            title=lambda run: run.number,
            submitter=lambda run: run.submitted_by_id or run.computed_by_id,
            own=own_of_run,
            facts=facts_of_run,
            brief=brief_of_run,
            approve=approve_run,
            reject=reject_run,
            check=check_run,
            deciders=MONEY,
            conditions="settlement_run",
            without=_("Any second person of finance decides; nobody is told until when."),
            self_decision=False,
            links=False,
            tells_submitter=True,
            icon="calculator",
        )
    )
    subjects.register(
        Subject(
            code=PROGRAMME,
            label=_("Publication of a programme"),
            model="rebates.Version",
            verb="rebates.edit_programmes",
            title=lambda version: f"{version.named} · {version.number}",
            submitter=lambda version: version.submitted_by_id or version.author_id,
            own=lambda version: (version.author_id, version.submitted_by_id),
            facts=facts_of_version,
            brief=lambda version: [formats.day(version.starts), version.author_label],
            approve=approve_version,
            reject=reject_version,
            deciders=MONEY,
            conditions="programme_version",
            without=_("A version is in force as soon as its author publishes it; nobody is asked."),
            self_decision=False,
            links=False,
            tells_submitter=True,
            icon="percentage",
        )
    )


def own_of_run(run: SettlementRun) -> Iterable[int | None]:
    """Who handed it over, and who wrote a version that pays more than the stated sum in it."""
    from rebates.services.closing import authors_beyond_limit

    return (run.submitted_by_id, *authors_beyond_limit(run))


def check_run(run: SettlementRun, *, by: Actor) -> None:
    from rebates.services.closing import refuse_author

    refuse_author(run, by)


def approve_run(run: SettlementRun, *, by: Actor, text: str, says: Mapping[str, Any]) -> None:
    from rebates.services.reviewing import accept_run

    accept_run(run=run, by=by)


def reject_run(run: SettlementRun, *, by: Actor, text: str, says: Mapping[str, Any]) -> None:
    from rebates.services.reviewing import refuse_run

    refuse_run(run=run, by=by, reason=text)


def approve_version(version: Version, *, by: Actor, text: str, says: Mapping[str, Any]) -> None:
    from rebates.services.programmes import put_into_force

    put_into_force(version=version, by=by)


def reject_version(version: Version, *, by: Actor, text: str, says: Mapping[str, Any]) -> None:
    from rebates.services.publishing import back_to_draft

    back_to_draft(version=version, verb="rejected", reason=text, by=by)


def facts_of_run(run: SettlementRun, actor: Actor) -> Iterable[Fact]:
    """What an approver reads first: what it pays, beside the month before, and what needs a look."""
    before = SettlementRun.objects.filter(ends=run.starts).first()
    found = [Fact(_("Month"), formats.month(run.starts))]
    # Of an earlier computation they concern figures that are gone.
    left = (
        FindingAnswer.objects.visible_to(actor)
        .filter(run=run, waived=True, at__gte=run.computed_at or run.created_at)
        .count()
    )
    for total in run.totals:
        currency = total["currency"]
        found.append(
            Fact(_("Earned"), formats.money(Decimal(total["earned"]), currency), href=run.get_absolute_url())
        )
        found.append(Fact(_("Adjusted"), formats.money(Decimal(total["adjusted"]), currency)))
        for row in before.totals if before is not None else []:
            if row["currency"] == currency:
                found.append(
                    Fact(_("Earned the month before"), formats.money(Decimal(row["earned"]), currency))
                )
    return [
        *found,
        Fact(_("Partners"), formats.number(run.partner_count)),
        Fact(_("Sales lines"), formats.number(run.line_count)),
        *([Fact(_("Credits of agents"), formats.number(run.credit_count))] if run.credit_count else []),
        Fact(_("Needs a look"), formats.number(len(run.findings)), strong=bool(run.findings)),
        *([Fact(_("Findings left unanswered"), formats.number(left), strong=True)] if left else []),
    ]


def brief_of_run(run: SettlementRun) -> Iterable[Any]:
    return [formats.money(Decimal(total["earned"]), total["currency"]) for total in run.totals]


def facts_of_version(version: Version, actor: Actor) -> Iterable[Fact]:
    """What an approver reads first: the policy in words, and from when it pays."""
    from rebates import pages, ties, wording

    changed = [str(effect) for effect in ties.effects(version)]
    found = [
        Fact(_("Programme"), str(version.programme), href=version.get_absolute_url()),
        Fact(
            _("In words"), wording.joined([wording.sentence(version), *ties.sentences(version)]), strong=True
        ),
        Fact(_("Targets of single partners"), pages.own_targets_said(version, actor)),
        Fact(_("Further words of the agreement"), version.policy.get("text", "")),
        Fact(_("Further words in Chinese"), version.policy.get("text_zh", "")),
        Fact(_("Changes what other programmes pay"), "; ".join(changed), strong=True),
        Fact(_("Mechanism"), pages.mechanism_name(version.mechanism)),
        Fact(_("In force from"), formats.day(version.starts)),
        Fact(_("In force until"), formats.day(version.last_day)),
        Fact(_("Written by"), version.author_label),
    ]
    return [fact for fact in found if fact.value]


def approved_at_a_step(run: SettlementRun) -> set[int | None]:
    """Everybody who said yes on the way to the approval of a settlement, not only whoever said it last."""
    flow = reads.run_of(SETTLEMENT, run.pk)
    if flow is None or flow.state != ApprovalRun.State.APPROVED:
        return set()
    return set(flow.decisions.filter(kind="approved").values_list("user_id", flat=True))
