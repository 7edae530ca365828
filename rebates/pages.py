"""What the pages about rebates show besides rows: names, choices of months, the run's stages, the partner's money."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Sum
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from partners.models import Partner
from prm.access.rules import allowed, who_may
from prm.approvals import pages as approvals
from prm.approvals.engine import published
from prm.ledger.models import Entry
from prm.ui import formats, refusals
from prm.ui.parts import Stage, Verb
from prm.values import clock
from prm.values.actor import Actor
from prm.values.periods import Period
from rebates import wording
from rebates.accruals import Accrual, accruals
from rebates.approvals import PROGRAMME, SETTLEMENT, own_of_run
from rebates.minimums import kept_now
from rebates.models import Programme, SettlementRun, Statement, Version
from rebates.numbers_in_words import measured
from rebates.own_targets import targets_of
from rebates.plans import scope_plans
from rebates.published_since import published_since
from rebates.sales_words import unit_of
from rebates.services.closing import refuse_author, refuse_before_the_end, releasers, whose_turn
from rebates.services.issuing import is_closing
from rebates.services.offered import mark_of
from rebates.services.payments import refuse_release
from rebates.services.releasing import JOB as RELEASE
from rebates.services.releasing import is_releasing
from rebates.since import Since, came_in

ZERO = Decimal("0.00")
State = SettlementRun.State
MECHANISM_NAMES = {
    "marginal": gettext_lazy("marginal"),
    "retroactive": gettext_lazy("retroactive"),
    "retroactive_from_floor": gettext_lazy("retroactive from a floor"),
    "flat": gettext_lazy("flat rate"),
    "per_unit": gettext_lazy("per unit"),
    "per_unit_stepped": gettext_lazy("per unit, stepped"),
    "lump_sum": gettext_lazy("lump sum"),
    "growth": gettext_lazy("growth"),
    "target": gettext_lazy("target"),
    "linear": gettext_lazy("rising rate"),
    "per_increment": gettext_lazy("per full increment"),
    "mix": gettext_lazy("mix"),
    "bundle": gettext_lazy("bundle"),
    "spif": gettext_lazy("SPIF per unit"),
}


def mechanism_name(kind: str) -> str:
    return str(MECHANISM_NAMES.get(kind, kind))


def months_to_settle(back: int = 12) -> list[Period]:
    """Months that have ended, with a programme's period ending on their last day, and no run yet; newest first."""
    begun = set(SettlementRun.objects.values_list("ends", flat=True))
    month, found = Period.of("month", clock.today()).previous, []
    for _step in range(back):
        if month.end not in begun and Version.objects.ending_on(month.last_day):
            found.append(month)
        month = month.previous
    return found


def month_that_runs() -> Period | None:
    """The running month, where it has programmes to look at and no run yet: it may be computed, and not closed."""
    month = Period.of("month", clock.today())
    begun = SettlementRun.objects.filter(ends=month.end).exists()
    return month if not begun and Version.objects.ending_on(month.last_day) else None


def runs_to_go_on_with(actor: Actor) -> list[dict[str, Any]]:
    """Runs that are begun and not closed, newest first, each with what it waits for."""
    rows = SettlementRun.objects.visible_to(actor).unclosed().order_by("-ends")[:12]
    return [{"run": run, "waiting": waiting_line(run)} for run in rows]


def findings_of(run: SettlementRun) -> list[dict[str, Any]]:
    """What the computation left out, with its programmes by name: a run keeps their codes."""
    codes = {one.get("programme", "") for one in run.findings}.union(
        *(one.get("programmes", []) for one in run.findings)
    )
    names = {one.code: str(one) for one in Programme.objects.filter(code__in=codes)} if codes else {}

    def named(finding: dict[str, Any]) -> dict[str, Any]:
        told = {"programmes": [names.get(code, code) for code in finding.get("programmes", [])]}
        return (
            finding
            | told
            | {"programme": names.get(finding.get("programme", ""), finding.get("programme", ""))}
        )

    return [named(finding) for finding in run.findings]


def stages(run: SettlementRun) -> list[Stage]:
    order = [State.DRAFT, State.COMPUTED, State.IN_REVIEW, State.APPROVED, State.CLOSED, State.PAID]
    now = order.index(State.CLOSED if run.state == State.CLOSING else State(run.state))
    return [
        Stage(
            str(state.label),
            "done" if place < now or run.state == State.PAID else "now" if place == now else "later",
        )
        for place, state in enumerate(order)
    ]


def author_limit(currency: str) -> str:
    """Beyond which sum under their own versions nobody approves or releases, see `services.closing`."""
    return formats.money(Decimal(settings.REBATE_AUTHOR_LIMIT), currency)


def release_said(job: Any) -> str:
    """Under which date and reference the job released payments; empty where it did something else."""
    if job is None or job.kind != RELEASE:
        return ""
    return wording.release(date.fromisoformat(job.params["paid_on"]), job.params["reference"])


def blocked_payments(run: SettlementRun, actor: Actor) -> int:
    """How many statements of a closed run owe something that is not paid now: a partner on hold, a held payment."""
    if run.state != State.CLOSED:
        return 0
    return Statement.objects.visible_to(actor).for_list().of_run(run).blocked().count()


@dataclass
class Owed:
    """What a partner is owed and expects, in one currency."""

    currency: str
    accrued: Decimal = ZERO
    unpaid: Decimal = ZERO  # settled and not paid, without what is disputed
    held: Decimal = ZERO  # what disputes under way hold back of it
    credit_due: Decimal = ZERO  # paid by credit notes that are still to be issued
    goods_due: Decimal = ZERO  # and in goods that are still to be delivered
    kept: Decimal = ZERO  # below a minimum payout, until more comes together
    paid_this_year: Decimal = ZERO
    earned_this_year: Decimal = ZERO
    adjusted_this_year: Decimal = ZERO
    accruals: list[Accrual] = field(default_factory=list)


def owed_to(actor: Actor) -> list[Owed]:
    """The signed-in partner's own money, by currency."""
    found: dict[str, Owed] = {}

    def of(currency: str) -> Owed:
        return found.setdefault(currency, Owed(currency))

    own = [actor.partner_id] if actor.partner_id else []
    for accrual in accruals(by=actor, partners=own):
        of(accrual.currency).accrued += accrual.amount
        of(accrual.currency).accruals.append(accrual)
    year = clock.today().year
    entries = Entry.objects.visible_to(actor).filter(
        account__kind__in=("payable", "approved"), account__partner_id__in=own, purpose__kind="rebate"
    )
    balances = entries.order_by().values_list("account__currency").annotate(owed=-Sum("amount"))
    kept = {currency: sum(sums.values(), ZERO) for (_partner, currency), sums in kept_now(own).items()}
    for currency, owed in balances:
        of(currency).kept = max(ZERO, kept.get(currency, ZERO))
        of(currency).unpaid = max(ZERO, (owed or ZERO) - kept.get(currency, ZERO))
    for statement in Statement.objects.visible_to(actor).filter(partner_id__in=own).for_list():
        if statement.starts.year == year:
            of(statement.currency).earned_this_year += statement.earned
            of(statement.currency).adjusted_this_year += statement.adjusted
            arrived = statement.payments_sum - statement.credit_due - statement.goods_due
            of(statement.currency).paid_this_year += arrived
        of(statement.currency).held += min(statement.held, statement.unpaid)
        of(statement.currency).credit_due += statement.credit_due
        of(statement.currency).goods_due += statement.goods_due
    for money in found.values():
        money.unpaid = max(ZERO, money.unpaid - money.held)
    return sorted(found.values(), key=lambda owed: owed.currency)


def approval_of(run: SettlementRun, actor: Actor) -> approvals.Approval | None:
    """The approval of the run's figures; one that lapsed with figures that are gone is history."""
    found = approvals.of_object(SETTLEMENT, run.pk, actor)
    lapsed = run.state in (State.DRAFT, State.COMPUTED) and found is not None and found.is_granted
    return None if lapsed else found


def read_from(run: SettlementRun) -> date | None:
    """The first day of the sales lines that the run looked at, where it is before its own month: of a quarter, of a
    year that is counted as a whole, of what growth is held against.
    """
    days = [plan.period_of(term).start for plan in scope_plans(run) for term in plan.terms]
    first = min(days, default=run.starts)
    return first if first < run.starts else None


def waiting_line(run: SettlementRun) -> str:
    """Who has to do what next."""
    if run.state == State.COMPUTED:
        return _("Computed; waiting to be handed over for approval by %(people)s") % {
            "people": _named(who_may("rebates.settle"))
        }
    if run.state == State.IN_REVIEW:
        return waits_for(whose_turn(run))
    if run.state == State.APPROVED:
        return _("Approved by %(person)s; waiting to be closed by %(people)s") % {
            "person": run.approver,
            "people": _named(who_may("rebates.close")),
        }
    if run.state == State.CLOSING:
        return _("Being closed by %(person)s") % {"person": run.closer}
    if run.state == State.CLOSED:
        return _("Closed by %(person)s; waiting for payment by %(people)s") % {
            "person": run.closer,
            "people": _named(releasers(run)),
        }
    return ""


def _named(people: list[Any]) -> str:
    """The first of those who may; where nobody may, the role that is needed."""
    names = [str(user) for user in people]
    if not names:
        return _("somebody of finance")
    return pgettext("between the words of a list", ", ").join(names[:3]) + (" …" if len(names) > 3 else "")


def waits_for(people: list[Any]) -> str:
    """For whom an approval waits; nobody is said too, and what to do about it."""
    if people:
        return _("Waiting for approval by %(people)s") % {"people": ", ".join(map(str, people[:3]))}
    return _("Nobody else may approve this. It needs a second person with the role finance or administrator.")


def may_decide(approval: approvals.Approval | None, own: Iterable[int | None], actor: Actor) -> bool:
    """Whether the reader decides on the page: not about what is their own, and only at their turn in a flow."""
    return actor.user_id not in set(own) and (approval is None or approval.may_decide)


def why_not_approve(run: SettlementRun, approval: approvals.Approval | None, actor: Actor) -> str:
    """Why somebody with the right to approve settlements does not decide about this one."""
    written = refusals.why_not(refuse_author, run, actor)
    if written:
        return written
    if actor.user_id is not None and actor.user_id == run.submitted_by_id:
        return _("You handed this settlement over: somebody else approves it.")
    people = ", ".join(map(str, approval.people[:3])) if approval is not None else ""
    return _("It is not your turn: %(people)s decides.") % {"people": people}


def to_take_over(actor: Actor) -> list[tuple[SettlementRun, str, datetime | None]]:
    """Settlements in review that a flow asks others about and `actor` may decide in their place; whom it asks, and the
    moment by which an answer is promised.
    """
    if not allowed(actor, "rebates.approve"):
        return []
    found = []
    for run in SettlementRun.objects.visible_to(actor).filter(state=State.IN_REVIEW).order_by("ends")[:50]:
        approval = approval_of(run, actor)
        asked = approval.people if approval is not None else []
        is_asked = actor.user_id in {user.pk for user in asked}
        if asked and not is_asked and may_decide(approval, own_of_run(run), actor):
            due = approval.turn.due if approval is not None and approval.turn is not None else None
            found.append((run, ", ".join(map(str, asked[:3])), due))
    return found


def publication(version: Version, actor: Actor) -> dict[str, Any]:
    """The state of a version's publication for the programme's page: for whom it waits, and the decision line."""
    approval = approvals.of_object(PROGRAMME, version.pk, actor)
    waits = version.state == Version.State.IN_REVIEW
    return {
        "approval": approval,
        "waiting": waits_for(approval.people) if waits and approval is not None else "",
        "verbs": version_verbs(version, actor, approval),
    }


def version_verbs(version: Version, actor: Actor, approval: approvals.Approval | None) -> list[Verb]:
    """The decision line of a version: ask for its publication, decide about it, or take it back."""

    def to(name: str) -> str:
        return reverse(f"rebates:{name}", args=[version.programme.code])

    if not allowed(actor, "rebates.edit_programmes"):
        return []
    if version.state == Version.State.DRAFT:
        label = _("Ask for publication") if published(PROGRAMME) else _("Publish version")
        delete = Verb(_("Delete draft…"), href=to("delete_draft"), final=True, icon="trash")
        return [Verb(label, post=to("publish"), primary=True), delete]
    if version.state != Version.State.IN_REVIEW:
        return []
    withdraw = Verb(_("Withdraw"), post=to("withdraw_publication"), icon="arrow-back-up")
    if not may_decide(approval, (version.author_id, version.submitted_by_id), actor):
        return [withdraw]
    return [
        Verb(_("Approve publication"), post=to("approve_publication"), primary=True, key="a"),
        withdraw,
        Verb(_("Reject"), href=to("reject_publication"), final=True, icon="ban", key="r"),
    ]


def _approval_verbs(run: SettlementRun, actor: Actor, to: Callable[[str], str]) -> list[Verb]:
    """Approve and reject at the reader's turn; else approve as it cannot be pressed, with the reason."""
    approval = approval_of(run, actor)
    if not may_decide(approval, own_of_run(run) if approval else (), actor):
        why = why_not_approve(run, approval, actor)
        return [Verb(_("Approve"), post=to("approve"), icon="check", why_not=why)]
    return [
        Verb(_("Approve"), post=to("approve"), primary=True, icon="check", key="a"),
        Verb(_("Reject"), href=to("reject"), icon="ban", key="r"),
    ]


def run_verbs(run: SettlementRun, actor: Actor, since: Since | None = None) -> list[Verb]:
    """The buttons of the decision line: one primary, the one that throws away last. `since`: as `came_in` says."""

    mark = mark_of(run)

    def to(name: str) -> str:
        return reverse(f"rebates:{name}", args=[run.number], query={"seen": mark})

    may = {name: allowed(actor, f"rebates.{name}") for name in ("settle", "approve", "close", "pay")}
    verbs = []
    if run.state == State.DRAFT and may["settle"]:
        verbs.append(Verb(_("Compute"), post=to("recompute"), primary=True, icon="calculator"))
    if run.state == State.COMPUTED and may["settle"]:
        why = refusals.why_not(refuse_before_the_end, run)
        verbs.append(
            Verb(_("Hand over for approval"), post=to("review"), primary=True, icon="send", why_not=why)
        )
    if run.state == State.IN_REVIEW and may["approve"]:
        verbs += _approval_verbs(run, actor, to)
    if run.state == State.APPROVED:
        overtaken = may["settle"] and ((since or came_in(run)).count > 0 or bool(published_since(run)))
        if overtaken:
            note = _("The approval lapses; the new figures are handed over and approved anew.")
            verbs.append(
                Verb(_("Compute again"), post=to("recompute"), primary=True, icon="refresh", note=note)
            )
        if may["close"]:
            why = refusals.why_not(refuse_before_the_end, run)
            close = Verb(_("Close the month…"), href=to("confirm_close"), icon="lock", why_not=why)
            verbs.append(replace(close, primary=not overtaken))
        if may["approve"]:
            verbs.append(Verb(_("Withdraw approval…"), href=to("withdraw"), icon="arrow-back-up"))
    if run.state == State.CLOSING and may["close"] and not is_closing(run):
        verbs.append(Verb(_("Go on closing"), post=to("close"), primary=True, icon="lock"))
    if run.state == State.CLOSED and may["pay"] and not is_releasing(run):
        why = refusals.why_not(refuse_release, run, actor)
        verbs.append(
            Verb(
                _("Release all payments…"), href=to("confirm_release"), primary=True, icon="cash", why_not=why
            )
        )
    if run.state in (State.COMPUTED, State.IN_REVIEW) and may["settle"]:
        verbs.append(Verb(_("Compute again"), post=to("recompute"), icon="refresh"))
        ask = _("The figures of this run go. The sales lines stay, and the month can be computed again.")
        verbs.append(Verb(_("Throw away"), post=to("discard"), final=True, icon="trash", ask=ask))
    return verbs


@dataclass(frozen=True)
class OwnTarget:
    """A partner's own target under a version, in words."""

    partner: Partner
    target: str


def own_targets(version: Version, actor: Actor) -> list[OwnTarget]:
    """The targets of single partners that the actor sees, by name."""
    targets, unit = targets_of(version.policy), unit_of(version.policy)
    rows = Partner.objects.visible_to(actor).filter(number__in=targets) if targets else []
    found = [OwnTarget(partner, measured(targets[partner.number], unit)) for partner in rows]
    return sorted(found, key=lambda one: (one.partner.name, one.partner.pk))


def own_targets_said(version: Version, actor: Actor, most: int = 10) -> str:
    """The same in a line: the first of them, and how many there are."""
    found = own_targets(version, actor)
    said = [
        _("%(partner)s %(target)s") % {"partner": one.partner, "target": one.target} for one in found[:most]
    ]
    more = len(found) - most
    if more > 0:
        said.append(ngettext("%(count)s more", "%(count)s more", more) % {"count": formats.number(more)})
    return "; ".join(said)
