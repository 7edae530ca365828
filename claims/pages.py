"""What pages of agreements and claims show: facts, figures, and the verbs that are open to whoever looks."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from claims.checks import price, sentence
from claims.models import Agreement, AgreementItem, Claim, ClaimLine, ClaimPayment, PriceDrop, StockLine
from claims.services.claiming import claims_for, refuse_to_withdraw
from claims.services.deciding import refuse_to_approve, refuse_to_decide
from claims.services.paying import payable
from prm.access.rules import allowed
from prm.audit.history import history_of
from prm.ui import formats, refusals
from prm.ui.parts import Fact, Figure, Verb
from prm.values import clock
from prm.values.actor import Actor

State = Claim.State
MOST_LINES = 500


def agreement_page(agreement: Agreement, actor: Actor) -> dict[str, Any]:
    items = list(AgreementItem.objects.visible_to(actor).of_agreements([agreement.pk]))
    for item in items:
        item.basis_text = unit_price(item.basis_price, agreement.currency)
        item.agreed_text = unit_price(item.agreed_price, agreement.currency)
    others = Agreement.objects.visible_to(actor).filter(number=agreement.number).exclude(pk=agreement.pk)
    claims = Claim.objects.visible_to(actor).filter(
        agreement_number=agreement.number, partner=agreement.partner_id
    )
    return {
        "agreement": agreement,
        "figures": _agreement_figures(agreement),
        "facts": _agreement_facts(agreement, actor),
        "items": items,
        "standing": _agreement_standing(agreement),
        "versions": list(others.order_by("-version")),
        "claims": list(claims.order_by("-pk")[:20]) if allowed(actor, "claims.view") else [],
        "may_edit": agreement.state == Agreement.State.DRAFT
        and allowed(actor, "claims.enter_agreement", agreement),
        "verbs": agreement_verbs(agreement, actor),
        "history": [] if actor.is_partner else history_of(agreement, actor),
    }


def unit_price(price: Decimal | None, currency: str) -> str:
    """A price of one unit, with the decimals that it has: two, or up to four."""
    if price is None:
        return ""
    return formats.money(price, currency, None if price == round(price, 2) else 4)


def _agreement_standing(agreement: Agreement) -> dict[str, str] | None:
    """What has to happen next, where something has."""
    today, state = clock.today(), agreement.state
    if state == Agreement.State.DRAFT:
        return {"text": _("Add its products, then submit it: a second person approves it."), "tone": "note"}
    if state == Agreement.State.WAITING:
        return {"text": _("A second person compares it with the quote and approves it."), "tone": "live"}
    if state in Agreement.PRICING and today >= agreement.ends:
        text = _("Its days are over. What was sold in them can still be claimed.")
        return {"text": text, "tone": "warn"}
    if state in Agreement.PRICING and today < agreement.starts:
        text = _("It holds from %(day)s on.") % {"day": formats.day(agreement.starts)}
        return {"text": text, "tone": "live"}
    return None


def _agreement_figures(agreement: Agreement) -> list[Figure]:
    used = formats.money(agreement.used_amount, agreement.currency)
    if agreement.amount_limit is None:
        return [Figure(_("Used"), used, _("No limit in money"))]
    left = agreement.amount_limit - agreement.used_amount
    share = formats.percent(agreement.used_amount / agreement.amount_limit)
    return [
        Figure(_("Used"), used, _("%(share)s of the limit") % {"share": share}),
        Figure(_("Left"), formats.money(left, agreement.currency), tone="" if left > 0 else "bad"),
        Figure(_("Limit"), formats.money(agreement.amount_limit, agreement.currency)),
    ]


def _agreement_facts(agreement: Agreement, actor: Actor) -> list[Fact]:
    reason = "" if actor.is_partner else agreement.reason  # staff's own word
    customer = agreement.end_customer.name if agreement.end_customer else _("Any")
    found = [
        Fact(_("Partner"), agreement.partner.name),
        Fact(_("End customer"), customer, strong=True),
        Fact(_("Valid from"), formats.day(agreement.starts)),
        Fact(_("Last day"), formats.day(agreement.last_day)),
        Fact(_("Currency"), agreement.currency),
        Fact(_("Entered by"), agreement.author),
        Fact(_("Approved by"), agreement.approver),
        Fact(_("Reason"), reason),
    ]
    return [fact for fact in found if fact.value]


def agreement_verbs(agreement: Agreement, actor: Actor) -> list[Verb]:
    def to(name: str) -> str:
        return reverse(f"claims:agreement_{name}", args=[agreement.number, agreement.version])

    may_enter = allowed(actor, "claims.enter_agreement", agreement)
    may_approve = allowed(actor, "claims.approve_agreement", agreement)
    state, verbs = agreement.state, []
    if state == Agreement.State.DRAFT and may_enter:
        empty = "" if agreement.items.exists() else _("Add a product first.")
        verbs.append(
            Verb(_("Submit for approval"), post=to("submit"), primary=True, icon="send", why_not=empty)
        )
    if state == Agreement.State.WAITING and may_approve:
        mine = actor.user_id in agreement.authors()
        why_not = _("You entered it, or a part of it; somebody else approves it.") if mine else ""
        verbs.append(Verb(_("Approve agreement"), post=to("approve"), primary=True, why_not=why_not))
        verbs.append(Verb(_("Send back…"), href=to("send_back"), icon="arrow-back-up"))
    if state in (Agreement.State.DRAFT, Agreement.State.WAITING) and may_enter:
        verbs.append(Verb(_("Withdraw…"), href=to("withdraw"), final=True, icon="ban"))
    if state in Agreement.PRICING and claims_for(actor, agreement.partner_id):
        address = f"{reverse('claims:claim_new')}?agreement={agreement.pk}"
        verbs.append(Verb(_("Draft a claim"), href=address, primary=True, icon="receipt-refund"))
    if state in Agreement.PRICING and may_enter:
        verbs.append(Verb(_("New version…"), href=to("version"), icon="stack-2"))
    if state == Agreement.State.IN_FORCE and may_approve:
        verbs.append(Verb(_("End early…"), href=to("end"), final=True, icon="ban"))
    return verbs


def claim_page(claim: Claim, actor: Actor) -> dict[str, Any]:
    lines = list(ClaimLine.objects.visible_to(actor).filter(claim=claim).undecided_first()[: MOST_LINES + 1])
    for line in lines:
        line.why = [sentence(one) for one in line.findings]
        line.basis_text = unit_price(line.basis_price, claim.currency)
        line.agreed_text = unit_price(line.agreed_price, claim.currency)
    deciding = claim.state in (State.SUBMITTED, State.IN_REVIEW) and allowed(actor, "claims.decide", claim)
    return {
        "claim": claim,
        "subject_href": _subject_of(claim, actor),
        "figures": _claim_figures(claim),
        "lines": lines[:MOST_LINES],
        "heads": _heads(claim),
        "has_more": len(lines) > MOST_LINES,
        "payments": list(ClaimPayment.objects.visible_to(actor).filter(claim=claim).for_page()),
        "standing": _standing(claim),
        "may_decide": deciding and not refusals.why_not(refuse_to_decide, claim, actor),
        "verbs": claim_verbs(claim, actor),
        "history": history_of(claim, actor),
    }


def _heads(claim: Claim) -> dict[str, str]:
    """What the lines of this kind of claim are of, and the two prices whose difference is claimed."""
    if claim.kind == Claim.Kind.PRICE_PROTECTION:
        return {"what": pgettext("of a claim", "Stock on"), "prices": _("Old price − new price")}
    return {"what": _("Sale"), "prices": _("Basis − agreed")}


def _subject_of(claim: Claim, actor: Actor) -> str:
    """The page of the agreement or of the price drop that the claim is on."""
    if claim.drop is not None:
        return claim.drop.get_absolute_url()
    rows = Agreement.objects.visible_to(actor).pricing(claim.agreement_number, claim.partner_id)
    found = rows.last()
    return found.get_absolute_url() if found else ""


def _claim_figures(claim: Claim) -> list[Figure]:
    lines = ClaimLine.objects.for_everyone(because="of the claim on the page").filter(claim=claim)
    sums = lines.how_many()
    note = ""
    if claim.state != State.DRAFT:
        note = ngettext("%(accepted)s of %(count)s line", "%(accepted)s of %(count)s lines", sums["all"]) % {
            "accepted": sums["accepted"],
            "count": sums["all"],
        }
    figures = [
        Figure(_("Claimed"), formats.money(claim.asked, claim.currency)),
        Figure(_("Accepted"), formats.money(claim.approved_amount, claim.currency), note),
        Figure(_("Paid"), formats.money(claim.paid_amount, claim.currency)),
    ]
    if claim.state == State.APPROVED:
        figures.append(Figure(pgettext("money", "Open"), formats.money(payable(claim), claim.currency)))
    return figures


def _standing(claim: Claim) -> dict[str, str]:
    """Whose turn it is, in a sentence."""
    texts = {
        State.DRAFT: (_("Nothing is checked yet. Submitting checks every line."), "note"),
        State.SUBMITTED: (_("Every line is checked. Finance decides about the claim."), "live"),
        State.IN_REVIEW: (_("The check left lines to a person. Finance decides about them first."), "warn"),
        State.APPROVED: (_("Approved; it is paid by somebody else than who approved it."), "live"),
        State.PAID: (_("Paid, or set off against what came back."), "ok"),
        State.REJECTED: (_("Rejected: %(reason)s") % {"reason": claim.reason}, "bad"),
        State.WITHDRAWN: (_("Withdrawn: %(reason)s") % {"reason": claim.reason}, ""),
    }
    text, tone = texts[State(claim.state)]
    if claim.state == State.APPROVED and not payable(claim):
        text = _("Approved; nothing is paid: it is set off against what came back.")
    elif claim.state in (State.SUBMITTED, State.IN_REVIEW, State.APPROVED):
        waits = _("Waiting for finance since %(moment)s.") % {"moment": formats.exact(claim.state_since)}
        return {"text": waits, "title": text, "tone": tone}
    return {"text": text, "tone": tone}


def claim_verbs(claim: Claim, actor: Actor) -> list[Verb]:
    def to(name: str) -> str:
        return reverse(f"claims:claim_{name}", args=[claim.number])

    verbs = []
    may_submit = claims_for(actor, claim.partner_id)
    if claim.state == State.DRAFT and may_submit:
        verbs.append(Verb(_("Submit claim"), post=to("submit"), primary=True, icon="send"))
    if claim.state in (State.SUBMITTED, State.IN_REVIEW) and allowed(actor, "claims.decide", claim):
        why_not = refusals.why_not(refuse_to_decide, claim, actor)
        not_yet = why_not or refusals.why_not(refuse_to_approve, claim)
        verbs.append(Verb(_("Approve claim"), post=to("approve"), primary=True, why_not=not_yet))
        verbs.append(Verb(_("Reject claim…"), href=to("reject"), final=True, icon="ban", why_not=why_not))
    if claim.state == State.APPROVED and payable(claim) > 0 and allowed(actor, "claims.pay", claim):
        mine = actor.user_id is not None and actor.user_id == claim.decided_by_id
        why_not = _("You approved it; somebody else pays it.") if mine else ""
        verbs.append(Verb(_("Pay claim…"), href=to("pay"), primary=True, icon="cash", why_not=why_not))
    if claim.state in (State.DRAFT, State.SUBMITTED, State.IN_REVIEW) and may_submit:
        why_not = refusals.why_not(refuse_to_withdraw, claim, actor)
        verbs.append(Verb(_("Withdraw…"), href=to("withdraw"), icon="arrow-back-up", why_not=why_not))
    return verbs


def drop_page(drop: PriceDrop, actor: Actor) -> dict[str, Any]:
    rows = StockLine.objects.visible_to(actor).of_drop(drop).for_list()[:MOST_LINES]
    stock = list(rows) if drop.state == PriceDrop.State.CONFIRMED else []
    for row in stock:
        row.asked = price(drop.old_price - drop.new_price, row.quantity, drop.currency)
    claims = Claim.objects.visible_to(actor).filter(drop=drop).select_related("partner").order_by("-pk")
    return {
        "drop": drop,
        "facts": _drop_facts(drop),
        "standing": _drop_standing(drop, actor),
        "stock": stock,
        "claims": list(claims[:50]),
        "verbs": drop_verbs(drop, actor),
    }


def _drop_facts(drop: PriceDrop) -> list[Fact]:
    return [
        Fact(_("Product"), f"{drop.product.code} {drop.product}", strong=True),
        Fact(_("Day of the drop"), formats.day(drop.day)),
        Fact(_("Old price"), unit_price(drop.old_price, drop.currency)),
        Fact(_("New price"), unit_price(drop.new_price, drop.currency)),
        Fact(_("Protects"), _("stock of that day, of no more than was bought in the %(days)s days before")
             % {"days": drop.days_back}),
    ]  # fmt: skip


def _drop_standing(drop: PriceDrop, actor: Actor) -> dict[str, str] | None:
    if drop.state == PriceDrop.State.WAITING:
        text = _("Entered by %(person)s. A second person confirms it; nobody can claim it before.")
        return {"text": text % {"person": drop.author}, "tone": "live"}
    if drop.state == PriceDrop.State.CONFIRMED and actor.is_partner:
        if _can_be_claimed(drop, actor):
            text = _("You had stock on that day: claim the difference.")
            return {"text": text, "tone": "live"}
        if not _own_stock(drop, actor).exists():
            text = _("To claim it, report your stock of %(day)s first.")
            return {"text": text % {"day": formats.day(drop.day)}, "tone": "note"}
    return None


def _can_be_claimed(drop: PriceDrop, actor: Actor) -> bool:
    return _own_stock(drop, actor).not_claimed().exists()


def _own_stock(drop: PriceDrop, actor: Actor) -> Any:
    """Of whom the actor may claim: a partner only its own."""
    rows = StockLine.objects.visible_to(actor).of_drop(drop)
    return rows.filter(partner=actor.partner_id) if actor.is_partner else rows


def drop_verbs(drop: PriceDrop, actor: Actor) -> list[Verb]:
    verbs = []
    if drop.state == PriceDrop.State.WAITING and allowed(actor, "claims.confirm_drop"):
        mine = actor.user_id is not None and actor.user_id == drop.created_by_id
        why_not = _("You entered it; somebody else confirms it.") if mine else ""
        confirm, refuse = (
            reverse(f"claims:drop_{name}", args=[drop.number]) for name in ("confirm", "refuse")
        )
        verbs.append(Verb(_("Confirm price drop"), post=confirm, primary=True, why_not=why_not))
        verbs.append(Verb(_("Refuse"), post=refuse, final=True, icon="ban", why_not=why_not))
    may_claim = drop.state == PriceDrop.State.CONFIRMED and allowed(actor, "claims.submit")
    if may_claim and _can_be_claimed(drop, actor):
        address = reverse("claims:drop_claim", args=[drop.number])
        verbs.append(Verb(_("Claim stock…"), href=address, primary=True, icon="receipt-refund"))
    return verbs
