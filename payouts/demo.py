"""The demo's bank accounts of partners, and one payout that the bank executed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model

from payouts.models import Batch
from payouts.prospect import prospect
from payouts.services import (
    ask_for_account,
    book_batch,
    confirm_account,
    drop_line,
    prepare_batch,
    release_batch,
    set_account_codes,
    set_paying_account,
)
from prm.access.scope import actor_for
from prm.ledger.models import Account
from prm.starter import kit
from prm.values import clock
from rebates.models import SettlementRun, Statement

OURS = {
    "CNY": {
        "account_number": "110060149018010042563",
        "bank_name": "交通银行上海分行",
        "cnaps": "301290000007",
    }
}
THEIRS = {
    "CNY": [
        {
            "account_number": "6222021001116245702",
            "bank_name": "中国工商银行上海市分行",
            "cnaps": "102290000017",
        },
        {
            "account_number": "6217001210073281745",
            "bank_name": "中国建设银行上海市分行",
            "cnaps": "105290000012",
        },
    ],
}
IBANS = ("DE89370400440532013000", "FR1420041010050500013M02606", "NL91ABNA0417164300")
SECOND_PAYOUT = 3  # statements that wait in it
CODES = {
    "accrued": "2180",
    "payable": "2190",
    "approved": "2195",
    "expense": "6710",
    "clearing": "1800",
    "credit_notes": "1122",
    "wallet": "2205",
    "rounding": "6711",
}


def fill(*, tenant: Any, size: str, say: Callable[[str], None]) -> None:
    """Accounts of the first partners that are owed something, one that waits, and one executed payout."""
    say("bank accounts and a payout")
    people = get_user_model().objects
    finance = actor_for(people.get(email="finance@demo.example"))
    controller = actor_for(people.get(email="controller@demo.example"))
    currency = tenant.currency
    ours = OURS.get(currency, {"iban": IBANS[2]})
    set_paying_account(holder=tenant.name, currency=currency, **ours, by=finance)
    names = {kind: (CODES.get(kind, ""), "") for kind in Account.Kind.values}
    set_account_codes(codes=names, by=finance)
    run = SettlementRun.objects.closed().order_by("ends").last()
    if run is None:
        return
    owed = list(Statement.objects.visible_to(finance).for_list().of_run(run).to_be_paid().order_by("pk"))
    theirs = THEIRS.get(currency, [{"iban": iban} for iban in IBANS[:2]])
    # Before the payouts, which keep why they left somebody out; the fourth has none here.
    _confirmed([*owed[:2], *owed[4:]], theirs, finance, controller)
    if len(owed) > 2:  # asked for by somebody else, so that the clerk on the sign-in page can confirm it
        ask_for_account(
            partner=owed[2].partner, holder=owed[2].partner.name, currency=currency, **theirs[0],
            reason="New bank, letter of last week", by=controller,
        )  # fmt: skip
    _pay(run, finance, controller)


def _confirmed(owed: list[Statement], theirs: list[dict[str, str]], finance: Any, controller: Any) -> None:
    """Accounts whose hold is over."""
    with clock.at(clock.now() - timedelta(days=21)):
        for place, statement in enumerate(owed):
            asked = ask_for_account(
                partner=statement.partner, holder=statement.partner.name, currency=statement.currency,
                **_number(theirs[place % 2], statement.partner_id),
                reason="Signed form of the bank, filed with the agreement", by=finance,
            )  # fmt: skip
            confirm_account(account=asked, by=controller)


def _number(bank: dict[str, str], own: int) -> dict[str, str]:
    """An account of that bank, another one for each partner."""
    if "iban" not in bank:
        return {**bank, "account_number": f"{int(bank['account_number']) + 13 * own}"}
    account = f"{IBANS[0][4:12]}{int(IBANS[0][12:]) + own:010}"
    return {"iban": f"DE{98 - int(account + '131400') % 97:02}{account}"}  # ISO 13616: D is 13, E is 14


def _pay(run: SettlementRun, finance: Any, controller: Any) -> None:
    """The first is paid by a file; some wait in a second payout for its release, the others for that of the run."""
    # The controller approved the run: whoever presses in the demo is the clerk, who therefore releases.
    batch = prepare_batch(run=run, by=controller)
    _keep(batch, 1, "Left for the next payout", controller)
    release_batch(batch=batch, by=finance)
    book_batch(batch=batch, by=finance, reference="BT-PAYOUT-1")
    if prospect(run, by=controller).due:
        waiting = prepare_batch(run=run, by=controller)
        _keep(waiting, SECOND_PAYOUT, "Paid when all payments of the settlement are released", controller)


def _keep(batch: Batch, count: int, reason: str, by: Any) -> None:
    """Leave all but the first lines of a payout out."""
    for line in list(batch.lines.order_by("pk"))[count:]:
        drop_line(line=line, reason=reason, by=by)


kit.register_demo("payouts", fill, order=55)
