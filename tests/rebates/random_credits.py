"""Random credits of agents, and as an agent's kit has them: what of whose line was given and taken back, in order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

from django.db import connection

from orders.models import CreditedLine, SalesLine
from partners.models import Partner
from rebates import verifier as oracle
from rebates.verifier_days import paid_in_full, read_credits
from rebates.verifier_terms import invoice_factor

SHARES = ("100", "60", "40", "33.3333", "12.5", "0.5")


def give(random: Random, partners: list[Partner], *, late: bool) -> None:
    """Some lines are credited to one or two agents, some credits are taken back, some corrected, at random moments."""
    rows = SalesLine.objects.for_everyone(because="a test").order_by("id")
    for line in rows.filter(reverses__isnull=True):
        for _number in range(random.choice([0, 0, 1, 1, 2]) if not late else random.choice([0, 0, 0, 0, 1])):
            agent, share = random.choice(partners), Decimal(random.choice(SHARES))
            given = list(CreditedLine.objects.for_everyone(because="a test").in_force().filter(line=line))
            fits = share + sum(one.share for one in given) <= 100
            if fits and agent.pk not in (line.partner_id, *(one.partner_id for one in given)):
                _write(line, agent, share, _moment(random, late=late))
    credits = CreditedLine.objects.for_everyone(because="a test").in_force().exclude(source="return")
    for credit in list(credits.select_related("line", "partner").order_by("id")):
        if random.random() < 0.2:
            moment = _moment(random, late=late)
            _write(credit.line, credit.partner, credit.share, moment, takes_back=credit)
            if random.random() < 0.6:
                _write(credit.line, credit.partner, credit.share / 2, moment)


def _moment(random: Random, *, late: bool) -> datetime:
    day = datetime(2026, 9, 30, 3, tzinfo=UTC)
    return day + timedelta(days=random.randint(1, 31)) if late else day


def _write(
    line: SalesLine, agent: Partner, share: Decimal, at: datetime, takes_back: CreditedLine | None = None
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO orders_creditedline (number, line_id, partner_id, share, takes_back_id, source, reason,"
            " recorded_by_label, recorded_at) VALUES (gen_random_uuid(), %s, %s, %s, %s, 'import', 'x', '', %s)",
            [line.pk, agent.pk, round(share, 4), takes_back and takes_back.pk, at],
        )


def as_kits_have_them(
    lines: dict[int, oracle.Line], receipts: dict[int, list[oracle.Receipt]]
) -> dict[int, list[oracle.Line]]:
    """By agent its credits, read as the verifier reads `credits.csv`. `lines` are by id, `receipts` by buyer."""
    found: dict[int, list[dict[str, str]]] = {}
    rows = (
        CreditedLine.objects.for_everyone(because="a test")
        .select_related("takes_back", "line")
        .order_by("id")
    )
    for row in rows:
        mine, line = found.setdefault(row.partner_id, []), lines[row.line_id]
        paid = paid_in_full(line, receipts[row.line.partner_id])
        days = {"ordered": line.ordered, "shipped": line.shipped, "paid": paid}
        invoice = f"{row.line.partner_id}/{line.document}/{line.currency}"
        mine.append(
            {
                "credit": str(len(mine) + 1), "takes_back": row.takes_back.number if row.takes_back else "",
                "sale": str(row.line_id), "reverses": str(row.line.reverses_id or ""), "share": str(row.share),
                "day": str(line.day), "document": line.document, "product_line": line.product_line,
                "product": line.product, "quantity": str(line.quantity), "amount": str(line.amount),
                "currency": line.currency, "recorded": str(row.recorded_at.date()),
                "gross": "" if line.gross is None else str(line.gross), "tax": str(line.tax),
                **{name: "" if day is None else str(day) for name, day in days.items()}, "invoice": invoice,
            }
        )  # fmt: skip
    return {agent: read_credits(rows, oracle.line_of) for agent, rows in found.items()}


def factors(
    policy: dict, credits: list[oracle.Line], receipts: dict[int, list[oracle.Receipt]]
) -> dict[str, str]:
    """What of each invoice behind an agent's credits counts by a policy's collection factor, as its kit says."""
    steps = [
        step for one in policy.get("factors", []) if one["kind"] == "collection" for step in one["steps"]
    ]
    found = {}
    for line in credits if steps else ():
        buyer, document, currency = line.credit.invoice.split("/")
        came = [one for one in receipts[int(buyer)] if (one.document, one.currency) == (document, currency)]
        found[f"{line.credit.invoice} {line.day}"] = str(invoice_factor(steps, line.day, came))
    return found
