"""Who is told what while a settlement is reviewed. A notice is stored once per fact."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.urls import reverse

from prm.access.rules import who_may
from prm.notices.services import notify
from prm.outbox.events import listens_to
from rebates.models import PaymentHold, RunComment
from rebates.review_events import PaymentHoldReleased, PaymentWasHeld, SettlementCommented


@listens_to(SettlementCommented)
def tell_whom_a_comment_mentions(fact: SettlementCommented) -> None:
    comment = RunComment.objects.select_related("run", "about").get(pk=fact.comment_id)
    people = get_user_model().objects.filter(pk__in=[one["id"] for one in comment.mentioned])
    notify(
        users=people, kind="rebates.run_mentioned", fact=f"run.mentioned:{comment.pk}",
        link=f"{_page(comment.run, comment.about_id)}#talk",
        values={
            "author": comment.author_name, "number": comment.run.number, "text": comment.text,
            "about": f"{comment.about.name}: " if comment.about else "",
        },
    )  # fmt: skip


@listens_to(PaymentWasHeld)
def tell_that_a_payment_is_held(fact: PaymentWasHeld) -> None:
    hold = _hold(fact.hold_id)
    _tell("payment_held", hold, hold.held_by_id, hold.holder, hold.reason)


@listens_to(PaymentHoldReleased)
def tell_that_a_payment_is_open_again(fact: PaymentHoldReleased) -> None:
    hold = _hold(fact.hold_id)
    _tell("payment_hold_released", hold, hold.released_by_id, hold.releaser, hold.release_reason)


def _hold(hold_id: int) -> PaymentHold:
    rows = PaymentHold.objects.for_everyone(because="an event names it").select_related("run", "partner")
    return rows.get(pk=hold_id)


def _tell(kind: str, hold: PaymentHold, doer_id: int | None, who: str, reason: str) -> None:
    """Those who pay and those who compute, without whoever did it."""
    people = {user.pk: user for verb in ("rebates.pay", "rebates.settle") for user in who_may(verb, hold)}
    notify(
        users=[user for pk, user in people.items() if pk != doer_id], kind=f"rebates.{kind}",
        fact=f"{kind}:{hold.pk}", link=_page(hold.run, hold.partner_id),
        values={"partner": hold.partner.name, "number": hold.run.number, "who": who, "reason": reason},
    )  # fmt: skip


def _page(run: Any, partner_id: int | None) -> str:
    if partner_id is None:
        return run.get_absolute_url()
    return reverse("rebates:run_partner", args=[run.number, partner_id])
