"""What claims tell the platform: menu, work that waits, words of the trail, kinds of notices."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from prm.access.roles import Role
from prm.audit import words
from prm.notices import kinds, work
from prm.outbox import objects
from prm.ui import menu
from prm.values.actor import Actor

LISTED = 50  # of a kind of work
MONEY = (Role.FINANCE, Role.ADMINISTRATOR)


def register() -> None:
    from claims import finding

    finding.register()
    objects.register("agreement", "claims.Agreement", verb="claims.view_agreements", find=("number",))
    objects.register("claim", "claims.Claim", verb="claims.view", find=("number",))
    objects.register("price_drop", "claims.PriceDrop", verb="claims.view", find=("number",))
    _register_menu()
    _register_words()
    _register_kinds()
    work.register(open_work, sets=open_sets)


def _register_menu() -> None:
    for label, icon, url, verb in (
        (_("Price claims"), "receipt-refund", "claims:claims", "claims.view"),
        (_("Special prices"), "discount", "claims:agreements", "claims.view_agreements"),
        (_("Sell-through"), "shopping-cart", "claims:sell_through", "claims.view"),
        (_("Stock reports"), "building-warehouse", "claims:stock", "claims.view"),
        (_("Price drops"), "sort-descending", "claims:drops", "claims.view"),
    ):  # one place for all five, in this order
        menu.register(section="Money", label=label, icon=icon, url=url, verb=verb, order=57)
        menu.register(section="", label=label, icon=icon, url=url, verb=verb, order=56, audience="partner")


def _register_words() -> None:
    words.register(
        {
            "agreement entered": _("agreement entered"),
            "agreed price added": _("agreed price added"),
            "agreed price removed": _("agreed price removed"),
            "agreement submitted": _("agreement submitted for approval"),
            "agreement sent back": _("agreement sent back"),
            "agreement approved": _("agreement approved by a second person"),
            "agreement withdrawn": _("agreement withdrawn"),
            "agreement ended": _("agreement ended early"),
            "claim drafted": _("claim drafted"),
            "claim submitted": _("claim submitted and checked"),
            "claim withdrawn": _("claim withdrawn"),
            "claim line decided": _("claim line decided"),
            "claim approved": _("claim approved"),
            "claim rejected": _("claim rejected"),
            "claim paid": _("claim paid"),
            "claim settled": _("claim settled"),
            "price drop entered": _("price drop entered"),
            "price drop confirmed": _("price drop confirmed by a second person"),
            "price drop refused": _("price drop refused"),
        }
    )
    words.register_types(
        {
            "claims.agreement": _("Special-price agreement"),
            "claims.claim": _("Price claim"),
            "claims.pricedrop": _("Price drop"),
        }
    )
    words.register_names(
        {
            "agreed_price": _("agreed price"),
            "approved_amount": _("accepted amount"),
            "last_day": _("last day"),
            "new_price": _("new price"),
            "product": _("product"),
            "line": _("line"),
        }
    )


def _register_kinds() -> None:
    partner = (Role.PARTNER_ADMIN,)
    for name, icon, roles, title, body in (
        (
            "agreement_waits", "discount", MONEY,
            _("%(partner)s: a special-price agreement waits for approval"),
            _("%(person)s entered %(number)s. Open it and compare it with the quote."),
        ),
        (
            "agreement_approved", "discount", partner,
            _("%(partner)s: special-price agreement %(number)s is approved"),
            _("It holds from %(starts)s to %(last)s. Name its number in your sell-through reports."),
        ),
        (
            "agreement_ended", "discount", partner,
            _("%(partner)s: special-price agreement %(number)s ends early"),
            _("Sales after %(last)s no longer count. Sales until then are claimed as before."),
        ),
        (
            "claim_waits", "receipt-refund", MONEY,
            _("%(partner)s: price claim %(number)s waits for a decision"),
            _("%(person)s submitted it. The check accepted %(amount)s."),
        ),
        (
            "claim_approved", "receipt-refund", partner,
            _("%(partner)s: price claim %(number)s is approved"),
            _("%(amount)s are accepted. The claim shows each line and why."),
        ),
        (
            "claim_rejected", "receipt-refund", partner,
            _("%(partner)s: price claim %(number)s is rejected"),
            _("%(reason)s What it took can be claimed again."),
        ),
        (
            "claim_paid", "receipt-refund", partner,
            _("%(partner)s: price claim %(number)s is paid"),
            _("%(amount)s, %(method)s. %(reference)s"),
        ),
        (
            "price_dropped", "sort-descending", partner,
            _("%(product)s is cheaper from %(day)s on"),
            _("Report your stock of that day, then claim the difference on the page of the price drop."),
        ),
    ):  # fmt: skip
        kinds.register(
            f"claims.{name}", icon=icon, roles=roles, label=_("Price claims"), title=title, body=body
        )


def open_work(actor: Actor) -> Iterable[work.Work]:
    """What a second person has to approve, decide or pay, and returns that nobody claimed back."""
    for agreement in _agreements(actor).select_related("partner")[:LISTED]:
        yield work.Work(
            title=agreement.partner.name, link=agreement.get_absolute_url(), since=agreement.state_since,
            subtitle=str(agreement), kind=_("Agreement to approve"), icon="discount",
        )  # fmt: skip
    for claim in _to_decide(actor).select_related("partner")[:LISTED]:
        yield work.Work(
            title=claim.partner.name, link=claim.get_absolute_url(), since=claim.state_since,
            subtitle=claim.number, kind=_("Price claim to decide"), icon="receipt-refund",
        )  # fmt: skip
    for claim in _to_pay(actor).select_related("partner")[:LISTED]:
        yield work.Work(
            title=claim.partner.name, link=claim.get_absolute_url(), since=claim.state_since,
            subtitle=claim.number, kind=_("Price claim to pay"), icon="cash",
        )  # fmt: skip
    for row in _returns(actor):
        count = row["count"]
        yield work.Work(
            title=row["partner__name"], link=row["link"], since=row["since"],
            subtitle=ngettext("%(count)s return under %(number)s", "%(count)s returns under %(number)s", count)
            % {"count": count, "number": row["reverses__agreement_number"]},
            kind=_("Returns to claim back"), icon="arrow-back-up",
        )  # fmt: skip
    for drop in _drops(actor).for_list()[:LISTED]:
        yield work.Work(
            title=str(drop.product), link=drop.get_absolute_url(), since=drop.created_at, subtitle=drop.number,
            kind=_("Price drop to confirm"), icon="sort-descending",
        )  # fmt: skip


def open_sets(actor: Actor) -> Iterable[QuerySet]:
    from claims.models import SellThroughLine

    yield from (_agreements(actor), _to_decide(actor), _to_pay(actor), _drops(actor))
    if _may_claim_back(actor):
        yield SellThroughLine.objects.visible_to(actor).to_claim_back().one_of_each_agreement()


def _agreements(actor: Actor) -> Any:
    from claims.models import Agreement

    rows = Agreement.objects.visible_to(actor).waiting().not_of(actor.user_id)
    return rows if "claims.approve_agreement" in actor.permissions else rows.none()


def _to_decide(actor: Actor) -> Any:
    from claims.models import Claim

    rows = Claim.objects.visible_to(actor).to_decide().exclude(submitted_by_id=actor.user_id)
    return rows.order_by("state_since") if "claims.decide" in actor.permissions else rows.none()


def _to_pay(actor: Actor) -> Any:
    from claims.models import Claim

    rows = Claim.objects.visible_to(actor).to_pay().exclude(decided_by_id=actor.user_id)
    return rows.order_by("state_since") if "claims.pay" in actor.permissions else rows.none()


def _drops(actor: Actor) -> Any:
    from claims.models import PriceDrop

    rows = PriceDrop.objects.visible_to(actor).waiting().exclude(created_by_id=actor.user_id)
    return rows if "claims.confirm_drop" in actor.permissions else rows.none()


def _may_claim_back(actor: Actor) -> bool:
    """Partners may leave returns where they are; staff do not."""
    return not actor.is_partner and "claims.submit" in actor.permissions


def _returns(actor: Actor) -> list[dict[str, Any]]:
    """By partner and agreement: returns of paid sales that are in no claim."""
    from claims.models import Agreement, SellThroughLine

    if not _may_claim_back(actor):
        return []
    found = list(SellThroughLine.objects.visible_to(actor).to_claim_back().by_agreement()[:LISTED])
    if not found:
        return []
    agreements = Agreement.objects.visible_to(actor).for_claims()
    numbers = {row["reverses__agreement_number"] for row in found}
    known = {(one.number, one.partner_id): one.pk for one in agreements.filter(number__in=numbers)}
    for row in found:
        agreement = known.get((row["reverses__agreement_number"], row["partner_id"]), "")
        row["link"] = f"{reverse('claims:claim_new')}?agreement={agreement}"
    return found


def open_work_when_off() -> list[str]:
    """What stays undone in the current tenant while claims are off."""
    from claims.models import Claim

    rows = Claim.objects.for_everyone(because="what waits in the tenant")
    count = rows.filter(state__in=["submitted", "in_review", "approved"]).count()
    if not count:
        return []
    text = ngettext(
        "%(count)s price claim is not paid; nobody can decide about it meanwhile.",
        "%(count)s price claims are not paid; nobody can decide about them meanwhile.",
        count,
    )
    return [text % {"count": count}]
