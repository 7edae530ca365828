"""What the pages about disputes show: whose turn it is, what can be done, what came of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from prm.access.rules import allowed
from prm.audit.history import history_of
from prm.ui import formats, refusals
from prm.ui.formats import filled
from prm.ui.parts import Fact, Verb
from prm.values import clock
from prm.values.actor import Actor
from rebates import dispute_words, disputed
from rebates.beyond import refuse_beyond
from rebates.limit_words import programmes
from rebates.models import Dispute, ManualAdjustment, Result, SettlementRun, Statement
from rebates.services.deciding import refuse_to_confirm
from rebates.services.payments import open_on
from rebates.worth import Untold

State = Dispute.State
MOST_LINES = 500  # on the page; the spreadsheet has all


@dataclass(frozen=True)
class Wait:
    """Whose turn it is: `who` in words, "" for the reader."""

    who: str
    since: datetime
    due: datetime | None
    on_partner: bool = False

    @property
    def is_late(self) -> bool:
        return self.due is not None and self.due < clock.now()


def waiting(dispute: Dispute, actor: Actor) -> Wait | None:
    if not dispute.is_live:
        return None
    theirs = dispute.waits_for_partner
    mine = theirs == actor.is_partner and (actor.is_partner or not _refused(dispute, actor))
    finance = (
        _("Finance")
        if actor.is_partner or dispute.state != State.PROPOSED
        else _("a second person in finance")
    )
    who = "" if mine else dispute.partner.name if theirs else finance
    return Wait(who, dispute.state_since, dispute.due, theirs)


def dispute_page(dispute: Dispute, actor: Actor) -> dict[str, Any]:
    lines = list(dispute.lines.all()[: MOST_LINES + 1])
    return {
        "dispute": dispute,
        "wait": waiting(dispute, actor),
        "shown": dispute.shown_to(actor),
        "lines": dispute_words.shown(lines[:MOST_LINES], actor),
        "sides": dispute_words.sides(actor),
        "has_more": len(lines) > MOST_LINES,
        "sums": dispute_words.sums(dispute, actor),
        "why_untold": why_untold(dispute),
        "without": without(dispute),
        "talk": dispute.messages.all(),
        "additions": dispute.additions.all(),
        "goes_to": (goes_to := _goes_to(dispute, actor)),
        "held_stays": held_stays(goes_to, dispute.statement),
        "agreed": agreed(dispute),
        "shifted": dispute_words.shifted(
            dispute.summary.get("shifted", 0), dispute.summary.get("shifts", []), actor
        ),
        "not_compared": not_compared(dispute),
        "facts": _facts(dispute, actor),
        "proposed": (proposed := _proposed(dispute, actor)),
        "proposed_refused": _refused(dispute, actor)
        if proposed and allowed(actor, "rebates.approve")
        else "",
        "proposed_beyond": beyond_lines(proposed) if proposed else "",
        "effects": effects(dispute, actor),
        "happenings": history_of(dispute, actor),
        "verbs": _partner_verbs(dispute, actor) if actor.is_partner else _staff_verbs(dispute, actor),
    }


def _goes_to(dispute: Dispute, actor: Actor) -> Dispute | None:
    """The dispute under way that a comparison would be added to."""
    if dispute.state != State.DRAFT:
        return None
    return Dispute.objects.visible_to(actor).of(dispute.statement).live().first()


def _proposed(dispute: Dispute, actor: Actor) -> ManualAdjustment | None:
    """The sum that waits for finance's second person; a partner reads of it when it is decided."""
    if actor.is_partner or dispute.state != State.PROPOSED:
        return None
    return dispute.adjustment


@dataclass(frozen=True)
class Came:
    """Something that a decision did to a later statement."""

    text: str
    amount: Decimal
    statement: Statement | None
    beyond: str = ""  # why a sum is more than the lines could change


def effects(dispute: Dispute, actor: Actor) -> list[Came]:
    """What came of an accepted dispute: its sum, and what corrected lines changed in later settlements."""
    if dispute.state not in (State.ACCEPTED, State.PARTLY):
        return []
    later = Statement.objects.visible_to(actor).filter(
        partner_id=dispute.partner_id, currency=dispute.currency, ends__gt=dispute.statement.ends
    )
    by_run = {statement.run_id: statement for statement in later}
    found = []
    adjustment = getattr(dispute, "adjustment", None)
    if adjustment is not None:
        text = _("Manual adjustment, %(programme)s") % {"programme": adjustment.programme}
        found.append(Came(text, adjustment.amount, by_run.get(adjustment.run_id), beyond_lines(adjustment)))
    if dispute.effect == Dispute.Effect.LINES:
        rows = Result.objects.visible_to(actor).filter(
            partner_id=dispute.partner_id, currency=dispute.currency, kind="adjusted", run__in=by_run,
            ends__in={result.ends for result in disputed.results_of(dispute.statement)},
        )  # fmt: skip
        for row in rows.select_related("programme").order_by("run_id", "pk"):
            text = _("Adjusted from the sales lines, %(programme)s, %(period)s") % {
                "programme": row.programme, "period": formats.period(row.period),
            }  # fmt: skip
            found.append(Came(text, row.adjusted, by_run[row.run_id]))
    return found


def of_statement(statement: Statement, actor: Actor) -> dict[str, Any]:
    """What a statement's page says about disputes: those there are, what they hold back, until when one can begin."""
    disputes = list(Dispute.objects.visible_to(actor).of(statement).order_by("-pk"))
    for dispute in disputes:
        dispute.statement = statement
    shown = [(one, one.shown_to(actor)) for one in disputes]
    live = next((one for one in disputes if one.is_live), None)
    until = disputed.window(statement)
    is_open = until is not None and clock.today() <= until
    return {
        "disputes": shown,
        "held": open_on([statement])[0].disputed if live else Decimal("0.00"),
        "dispute_wait": waiting(live, actor) if live else None,
        "held_stays": held_stays(live, statement),
        "dispute_until": until,
        "dispute_is_open": is_open,
        "may_dispute": is_open and live is None and allowed(actor, "rebates.dispute", statement),
        "may_add": is_open
        and live is not None
        and live.takes_more
        and allowed(actor, "rebates.dispute", statement),
    }


def of_run(run: SettlementRun, actor: Actor) -> list[ManualAdjustment]:
    """The manual adjustments that a settlement posted, or would post if its close began now."""
    rows = ManualAdjustment.objects.visible_to(actor)
    if run.state in ("closing", "closed", "paid"):
        return list(rows.posted_by(run).select_related("partner"))
    return list(rows.waiting().select_related("programme", "dispute", "partner").order_by("number"))


def sums_of(manual: Iterable[ManualAdjustment], *names: str) -> dict[Any, Decimal]:
    """What adjustments add up to by currency; with `names` by these fields and the currency."""
    found: dict[Any, Decimal] = {}
    for one in manual:
        key = (*(getattr(one, name) for name in names), one.currency) if names else one.currency
        found[key] = found.get(key, Decimal(0)) + one.amount
    return found


def _facts(dispute: Dispute, actor: Actor) -> list[Fact]:
    statement = dispute.statement
    facts = (
        []
        if actor.is_partner
        else [Fact(_("Partner"), dispute.partner.name, dispute.partner.get_absolute_url())]
    )
    facts += [
        Fact(
            _("Statement"),
            f"{statement.number}{formats.comma()}{formats.month(statement.starts)}",
            statement.get_absolute_url(),
        ),
        Fact(_("Kind"), dispute.get_kind_display()),
    ]
    if dispute.state != State.DRAFT:
        facts += [Fact(_("Opened by"), dispute.opener), Fact(_("Opened"), formats.exact(dispute.opened_at))]
    if dispute.file_name:
        facts.append(Fact(_("File"), dispute.file_name))
    if dispute.decided_at:
        facts += [
            Fact(pgettext("of a dispute", "Decided by"), dispute.decider),
            Fact(pgettext("of a dispute", "Decided"), formats.exact(dispute.decided_at)),
        ]
    return facts


def _to(name: str, dispute: Dispute) -> str:
    return reverse(f"rebates:dispute_{name}", args=[dispute.number])


def _partner_verbs(dispute: Dispute, actor: Actor) -> list[Verb]:
    if not allowed(actor, "rebates.dispute", dispute):
        return []
    if dispute.state == State.DRAFT:
        gone = _("The comparison is thrown away; you can upload your ledger again.")
        return [
            Verb(_("Send to finance"), href=_to("send", dispute), primary=True, key="s"),
            Verb(_("Discard"), post=_to("discard", dispute), final=True, ask=gone),
        ]
    if not dispute.is_live:
        return []
    asked = dispute.state == State.ASKED
    verbs = [
        Verb(
            _("Answer") if asked else _("Add a message"), href=_to("answer", dispute), primary=asked, key="m"
        )
    ]
    until = disputed.window(dispute.statement)
    if dispute.takes_more and until is not None and clock.today() <= until:
        of = [dispute.statement.number]
        verbs += [
            Verb(_("Add lines"), href=reverse("rebates:statement_dispute", args=of)),
            Verb(_("Compare my ledger"), href=reverse("rebates:statement_ledger", args=of)),
        ]
    if dispute.may_become(State.WITHDRAWN):
        verbs.append(Verb(_("Withdraw"), href=_to("withdraw", dispute), final=True))
    return verbs


def _staff_verbs(dispute: Dispute, actor: Actor) -> list[Verb]:
    if dispute.state == State.PROPOSED and allowed(actor, "rebates.approve"):
        return [
            Verb(
                _("Confirm the sum"),
                post=_to("confirm", dispute),
                primary=True,
                why_not=_refused(dispute, actor),
                ask=" ".join(filter(None, (beyond_lines(dispute.adjustment), _beyond_statement(dispute)))),
            ),
            Verb(_("Do not confirm"), href=_to("send_back", dispute), final=True),
        ]
    if not allowed(actor, "rebates.decide_disputes", dispute) or not dispute.is_live:
        return []
    talk = Verb(_("Add a message"), href=_to("comment", dispute), key="m")
    if dispute.state not in (State.OPEN, State.IN_REVIEW):
        return [talk]
    take_up = [Verb(_("Take up"), post=_to("take_up", dispute))] if dispute.state == State.OPEN else []
    return [
        Verb(_("Accept with a sum"), href=_to("propose", dispute), primary=True, key="a"),
        Verb(_("Accept, lines are corrected"), href=_to("accept", dispute)),
        Verb(_("Ask back"), href=_to("ask", dispute), key="i"),
        *take_up,
        talk,
        Verb(_("Reject"), href=_to("reject", dispute), final=True, key="r"),
    ]


def beyond_lines(adjustment: ManualAdjustment) -> str:
    """That a sum is more than its lines could change, and why; "" where it is not."""
    if not adjustment.why_beyond:
        return ""
    return _("The disputed lines could change at most %(money)s; it is more because: %(why)s") % {
        "money": formats.money(adjustment.could_change, adjustment.currency, 2), "why": adjustment.why_beyond,
    }  # fmt: skip


def _beyond_statement(dispute: Dispute) -> str:
    return refusals.why_not(refuse_beyond, dispute.adjustment.amount, dispute.statement)


def _refused(dispute: Dispute, actor: Actor) -> str:
    """Why this person may not confirm the proposed sum, "" when they may or none is proposed."""
    if dispute.state != State.PROPOSED:
        return ""
    return refusals.why_not(refuse_to_confirm, dispute.adjustment, actor)


def why_untold(dispute: Dispute) -> str:
    """Why it is not told what the dispute, or some of its lines, are worth; "" where it is told of all."""
    why = dispute.summary.get("untold")
    reason = str(Untold(why).label) if why in Untold.values else _("cannot be told from these lines")
    if dispute.worth is None:
        return reason
    said = []
    if left := dispute.summary.get("untold_lines", 0):
        words = ngettext("without %(count)s line: %(why)s", "without %(count)s lines: %(why)s", left)
        said.append(words % {"count": formats.number(left, 0), "why": reason})
    if codes := dispute.summary.get("untold_programmes"):
        named = {"programmes": programmes(codes), "why": str(Untold.OTHERS.label)}
        said.append(filled(_("without %(programmes)s: %(why)s"), named))
    return pgettext("between two remarks", "; ").join(said)


def without(dispute: Dispute) -> str:
    """How many lines the difference in sales leaves out, "" where it has all."""
    left = dispute.summary.get("unsaid", 0)
    if not left:
        return ""
    why = str(Untold.FIGURE.label)
    if not dispute.says_difference:
        return why
    words = ngettext("without %(count)s line: %(why)s", "without %(count)s lines: %(why)s", left)
    return words % {"count": formats.number(left, 0), "why": why}


def held_stays(live: Dispute | None, statement: Statement) -> str:
    """That more lines hold back no more, because all that is open is held back already; "" where they may."""
    if live is None or not live.held or not live.takes_more:
        return ""
    (found,) = open_on([statement])
    if not 0 < found.rest <= live.held:
        return ""
    return _("All that is open of this statement, %(money)s, is held back already: more lines do not change that.") % {
        "money": formats.money(found.rest, live.currency, 2)
    }  # fmt: skip


def not_compared(dispute: Dispute) -> str:
    """How many of our lines a ledger was not compared with, "" where there are none."""
    said = dispute.summary
    if not said.get("left"):
        return ""
    words = ngettext(
        "%(count)s line of ours was not compared: %(sum)s, %(first)s",
        "%(count)s lines of ours were not compared: %(sum)s, %(first)s to %(last)s",
        said["left"],
    )
    return words % {
        "count": formats.number(said["left"], 0), "sum": formats.money(said["left_sum"], dispute.currency, 2),
        "first": formats.day(date.fromisoformat(said["left_first"])),
        "last": formats.day(date.fromisoformat(said["left_last"])),
    }  # fmt: skip


def agreed(dispute: Dispute) -> str:
    """How much of a compared ledger agrees, in a sentence, "" where none was compared."""
    if "agree" not in dispute.summary:
        return ""
    count = int(dispute.summary["agree"])
    words = ngettext("%(count)s line agrees", "%(count)s lines agree", count)
    return words % {"count": formats.number(count, 0)}
