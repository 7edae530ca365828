"""What the pages of one order or invoice show: track, decision line, timeline, lines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from dealreg.waiting import deciders_by_partner, promised_by
from orders.approvals import CODE
from orders.fact_lists import payments_of, serials_of
from orders.forms import to_credit
from orders.models import Invoice, Order, PaymentReceived, PriceList, SerialMoved
from orders.pricing import derivation
from orders.registrations import TONES
from prm.access.rules import allowed
from prm.approvals import pages as approvals
from prm.audit import words as audit_words
from prm.audit.history import history_of
from prm.audit.models import AuditEntry
from prm.catalogue.models import Product, ProductLine
from prm.customfields.showing import facts_of, facts_on_paper
from prm.ui import formats
from prm.ui.parts import Fact, Happening, Stage, Verb
from prm.values import clock
from prm.values.actor import Actor

State = Order.State
MOST_IN_GRID = 300
# In which order a person sees an order move, and at which step each state stands.
STEPS = ("submitted", "approved", "confirmed", "shipped", "delivered", "closed")
PLACE = {
    State.DRAFT: 0, State.RETURNED: 0, State.SUBMITTED: 1, State.APPROVED: 2, State.SENT: 2, State.CONFIRMED: 3,
    State.PARTLY_SHIPPED: 4, State.SHIPPED: 4, State.DELIVERED: 5, State.CLOSED: 6,
}  # fmt: skip


@dataclass(frozen=True)
class Wait:
    """For whom a submitted or returned order waits."""

    who: str
    since: datetime
    due: datetime | None = None

    @property
    def is_late(self) -> bool:
        return self.due is not None and self.due < clock.now()


def order_page(order: Order, actor: Actor) -> dict[str, Any]:
    """Everything the page of an order shows to its reader."""
    lines = list(order.lines.select_related("product__product_line"))
    for line in lines:
        line.order = order
        line.derivation = derivation(
            unit_price=line.unit_price,
            list_price=line.list_price,
            source=line.price_source,
            currency=order.currency,
        )
    approval = approvals.of_object(CODE, order.pk, actor)
    verbs = partner_verbs(order, actor) if actor.is_partner else staff_verbs(order, actor, lines, approval)
    return {
        "order": order,
        "approval": approval,
        "tone": TONES[order.state],
        "lines": lines,
        "stages": stages_of(order),
        "wait": wait_of(order, actor, approval),
        "verbs": _with_answer(verbs, approval),
        "shipments": list(order.shipments.prefetch_related("lines__order_line__product")),
        "invoices": list(order.invoices.with_credited().order_by("id")),
        "happenings": happenings_of(order, actor),
        "own": facts_of("order", order, actor),
        "is_over": order.state in (State.REJECTED, State.CANCELLED),
    }


def wait_of(order: Order, actor: Actor, approval: approvals.Approval | None) -> Wait | None:
    """None where nobody has to do anything; `who` is empty when it waits for the reader."""
    if order.state == State.RETURNED and order.waiting_since is not None:
        return Wait("" if actor.is_partner else order.partner.name, order.waiting_since)
    if order.state != State.SUBMITTED or order.waiting_since is None:
        return None
    turn = approval.turn if approval is not None else None
    if turn is not None:
        return Wait("" if turn.mine else turn.who, turn.since, turn.due)
    people = deciders_by_partner([order.partner_id])[order.partner_id]
    mine = any(user.pk == actor.user_id for user in people)
    return Wait("" if mine else formats.names(people), order.waiting_since, promised_by(order.waiting_since))


def stages_of(order: Order) -> list[Stage]:
    """The track: what is done with its day, where the order stands, what is to come."""
    words = {
        "submitted": (_("Submitted"), order.submitted_at),
        "approved": (_("Approved"), order.decided_at if order.state != State.REJECTED else None),
        "confirmed": (_("Confirmed"), order.confirmed_at),
        "shipped": (_("Shipped"), _last_shipped(order)),
        "delivered": (_("Delivered"), order.delivered_at),
        "closed": (_("Closed"), order.closed_at),
    }
    if order.state in (State.REJECTED, State.CANCELLED):
        done = [name for name in STEPS if words[name][1]]
        ended = Stage(f"{order.get_state_display()}", "now")
        return [Stage(_with_day(*words[name]), "done") for name in done] + [ended]
    place = PLACE[State(order.state)]
    stages = []
    for at, name in enumerate(STEPS, start=1):
        label, day = words[name]
        if name == "delivered" and order.state == State.CLOSED and not day:
            continue
        if at < place or order.state == State.CLOSED:
            stages.append(Stage(_with_day(label, day), "done"))
        elif at == place:
            words_now = _("Partly shipped") if order.state == State.PARTLY_SHIPPED else label
            stages.append(Stage(_with_day(words_now, day), "now"))
        else:
            stages.append(Stage(label))
    return stages


def _last_shipped(order: Order) -> date | None:
    days = [shipment.shipped_on for shipment in order.shipments.all()]
    return max(days) if days else None


def _with_day(label: str, day: date | datetime | None) -> Any:
    """`Shipped 12 Nov`."""
    if not day:
        return label
    return format_html('{} <span class="ui-dim">{}</span>', label, _short(day))


def _short(day: date | datetime) -> str:
    """12 Nov; 11月12日."""
    day = formats.local(day) if isinstance(day, datetime) else day
    return f"{day.month}月{day.day}日" if formats.is_chinese() else f"{day.day} {day:%b}"


def staff_verbs(
    order: Order, actor: Actor, lines: list[Any], approval: approvals.Approval | None = None
) -> list[Verb]:
    """What staff may do now; the next step first."""
    found: list[tuple[str, Verb]] = []

    def offer(verb: str, label: Any, name: str, *, post: bool = False, **how: Any) -> None:
        address = reverse(f"orders:{name}", args=[order.number])
        where = {"post": address, "href": ""} if post else {"post": "", "href": address}
        found.append((verb, Verb(label, href=where["href"], post=where["post"], **how)))

    state = order.state
    if state == State.SUBMITTED and (approval is None or approval.may_decide):
        offer("orders.approve", _("Approve order"), "approve", post=True, primary=True, key="a")
        offer(
            "orders.approve", _("Send back"), "send_back", icon="arrow-back-up",
            note=_("For changes; your promise stops"),
        )  # fmt: skip
        offer(
            "orders.approve",
            _("Reject"),
            "reject",
            final=True,
            icon="ban",
            note=_("Final. The partner reads your reason."),
        )
    if state in (State.APPROVED, State.SENT):
        offer(
            "orders.fulfil",
            _("Confirm order"),
            "confirm",
            primary=True,
            note=_("Promises delivery to the partner"),
        )
    if state in Order.SHIPPABLE:
        offer("orders.fulfil", _("Ship"), "ship", primary=True, icon="truck", note=_("All of it, or a part"))
    if state in Order.INVOICEABLE and any(line.to_invoice > 0 for line in lines):
        offer("orders.invoice", _("Invoice"), "invoice_order", primary=state not in Order.SHIPPABLE, icon="receipt",
              note=_("Books sales of what was shipped"))  # fmt: skip
    if state == State.SHIPPED:
        offer("orders.fulfil", _("Mark as delivered"), "delivered", post=True, icon="truck-delivery")
    if state in (State.SUBMITTED, State.RETURNED, State.APPROVED, State.SENT, State.CONFIRMED):
        offer("orders.cancel", _("Cancel order"), "cancel", final=state != State.SUBMITTED, icon="x",
              note=_("Nothing has been shipped yet"))  # fmt: skip
    verbs = [one for verb, one in found if allowed(actor, verb, order)]
    return _with_primary(verbs)


def partner_verbs(order: Order, actor: Actor) -> list[Verb]:
    """What the partner may do now."""

    def address(name: str) -> str:
        return reverse(f"orders:{name}", args=[order.number])

    verbs = []
    may_order = allowed(actor, "orders.order", order)
    if order.state == State.DRAFT and may_order:
        verbs.append(Verb(_("Submit order"), post=address("submit"), primary=True, icon="send"))
        verbs.append(Verb(_("Change"), href=address("edit"), icon="pencil", key="e"))
    elif order.state == State.RETURNED and may_order:
        verbs.append(
            Verb(_("Change and submit again"), href=address("edit"), primary=True, icon="pencil", key="e")
        )
    elif may_order:
        verbs.append(Verb(_("Order again"), post=address("reorder"), primary=True, icon="refresh",
                          note=_("Puts the same products into your cart")))  # fmt: skip
    if order.state in (State.DRAFT, State.SUBMITTED, State.RETURNED) and allowed(
        actor, "orders.cancel", order
    ):
        verbs.append(Verb(_("Cancel order"), href=address("cancel"), final=True, icon="x",
                          note=_("Possible until it is approved")))  # fmt: skip
    return verbs


def _with_primary(verbs: list[Verb]) -> list[Verb]:
    """Where the next step is not the reader's, the first thing that the reader may do leads."""
    plain = [verb for verb in verbs if not verb.final]
    if plain and not any(verb.primary for verb in verbs):
        verbs[verbs.index(plain[0])] = Verb(**{**vars_of(plain[0]), "primary": True})
    return verbs


def _with_answer(verbs: list[Verb], approval: approvals.Approval | None) -> list[Verb]:
    """A question that the reader's side owes an answer to leads; what led before stands beside it."""
    if approval is None or not approval.answer_link:
        return verbs
    answer = Verb(_("Answer"), href=approval.answer_link, icon="message-2-question", key="i", primary=True)
    return [answer, *(Verb(**{**vars_of(verb), "primary": False}) for verb in verbs)]


def vars_of(verb: Verb) -> dict[str, Any]:
    return {name: getattr(verb, name) for name in Verb.__dataclass_fields__}


def happenings_of(order: Order, actor: Actor) -> list[Happening]:
    """The history, newest first; a partner reads what concerns it, without names of its manager's colleagues."""
    words = {
        "created": _("Draft begun"), "changed": _("Draft changed"), "submitted": _("Submitted"),
        "returned": _("Returned for changes"), "resubmitted": _("Submitted again"), "approved": _("Approved"),
        "rejected": _("Rejected"), "confirmed": _("Confirmed"), "shipped": _("Shipped"), "delivered": _("Delivered"),
        "invoiced": _("Invoiced"), "credited": _("Credit note"), "closed": _("Closed"), "cancelled": _("Cancelled"),
    }  # fmt: skip
    entries = AuditEntry.objects.visible_to(actor).of(order)[:60]
    return [
        Happening(
            at=entry.at,
            text=words.get(entry.verb) or capfirst(audit_words.word_for(entry.verb)),
            who=entry.actor_label,
            reason=entry.reason,
        )
        for entry in entries
        # What is sent back to the partner stands there as returned, in the same words.
        if entry.verb != "step_returned"
        and (not actor.is_partner or (entry.verb in words and entry.verb != "changed"))
    ]


def invoice_page(invoice: Invoice, actor: Actor) -> dict[str, Any]:
    """Everything the page of an invoice or credit note shows."""
    lines = list(invoice.lines.select_related("product"))
    for line in lines:
        line.invoice = invoice
    notes = [] if invoice.is_credit_note else list(invoice.credit_notes.order_by("id"))
    credited = sum((note.total for note in notes), start=invoice.total - invoice.total)
    owed = invoice.total + credited
    return {
        "invoice": invoice,
        "lines": lines,
        "notes": notes,
        "owed": owed,
        "state": _invoice_state(invoice, owed),
        "verbs": invoice_verbs(invoice, actor, owed),
        "history": history_of(invoice, actor) if actor.is_staff else [],
        "own": facts_on_paper("order", invoice.order, actor) if invoice.order else [],
        "facts": _invoice_facts(invoice, actor),
    }


def _invoice_facts(invoice: Invoice, actor: Actor) -> list[Fact]:
    """Payments and serial numbers on file for it; nothing where there are none."""
    found = []
    paid = PaymentReceived.objects.visible_to(actor).of_invoice(invoice.partner, invoice.number)
    if paid["count"]:
        received = formats.money(paid["amount"], invoice.currency)
        found.append(Fact(_("Received"), received, payments_of(invoice.number)))
    if count := SerialMoved.objects.visible_to(actor).of_document(invoice.partner, invoice.number).count():
        found.append(Fact(_("Serial numbers"), formats.number(count), serials_of(invoice.number)))
    return found


def _invoice_state(invoice: Invoice, owed: Any) -> tuple[str, str]:
    if invoice.is_credit_note:
        return _("Credit note"), "note"
    if invoice.paid_on:
        return _("Paid"), "ok"
    return (_("To pay"), "live") if owed else (_("Credited"), "")


def invoice_verbs(invoice: Invoice, actor: Actor, owed: Any) -> list[Verb]:
    if invoice.is_credit_note or actor.is_partner:
        return []
    found = []
    if not invoice.paid_on and owed and allowed(actor, "orders.pay", invoice):
        found.append(
            Verb(
                _("Mark as paid"),
                href=reverse("orders:paid", args=[invoice.number]),
                primary=True,
                icon="cash",
            )
        )
    if allowed(actor, "orders.invoice", invoice) and any(left > 0 for left in to_credit(invoice).values()):
        found.append(Verb(_("Credit"), href=reverse("orders:credit", args=[invoice.number]), icon="receipt-refund",
                          note=_("Takes back all or a part of it")))  # fmt: skip
    return _with_primary(found)


def price_grid(
    price_list: PriceList, code: str
) -> tuple[list[ProductLine], ProductLine | None, list[Product], dict]:
    """The product lines, the chosen one, its products for sale, and their prices on the list by product id."""
    lines = list(ProductLine.objects.filter(is_active=True))
    chosen = next((line for line in lines if line.code == code), lines[0] if lines else None)
    products = (
        list(Product.objects.filter(product_line=chosen, is_active=True)[:MOST_IN_GRID]) if chosen else []
    )
    prices = price_list.prices.filter(product__in=products).values_list("product_id", "unit_price")
    return lines, chosen, products, dict(prices)
