"""The file for the bank: CSV, and ISO 20022 pain.001.001.09.

Guarantee: a payout's file is the same bytes whenever it is made, because it is made of what the release froze and of
nothing else; its SHA-256 stands in the payout and in the audit trail.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Sequence
from datetime import UTC
from decimal import Decimal
from itertools import groupby
from xml.etree import ElementTree as Xml

from django.utils.translation import gettext_lazy as _

from payouts.banking import Details
from payouts.errors import FileDiffers
from payouts.models import Batch, BatchLine
from prm.ui.export import safe_text
from prm.values.money import minor_unit

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
KINDS = {"csv": "text/csv; charset=utf-8", "xml": "application/xml"}
LONGEST_NAME = 140
# Files are read by programs of the bank: their headings are the same in each language.
HEADS = (
    "end_to_end_id", "statement", "amount", "currency", "holder", "iban", "account_number", "bank",
    "cnaps", "bic", "pay_on", "from_account",
)  # fmt: skip
OTHER_ACCOUNT = _("Another bank account is in force since it was prepared.")
LESS_IS_OPEN = _("Less is open than when it was prepared.")


def file_of(batch: Batch, kind: str) -> bytes:
    """The released file again; raises FileDiffers where it is not what was released."""
    lines = list(
        BatchLine.objects.for_everyone(because="the payout's own")
        .filter(batch=batch)
        .exclude(state=BatchLine.State.DROPPED)
        .for_list()
    )
    made = csv_file(batch, lines) if kind == "csv" else xml_file(batch, lines)
    if digest(made) != (batch.csv_digest if kind == "csv" else batch.xml_digest):
        raise FileDiffers(number=batch.number)
    return made


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def csv_file(batch: Batch, lines: Sequence[BatchLine]) -> bytes:
    """A row for each payment, with the number as text and nothing that a spreadsheet takes for a formula."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(HEADS)
    for line in lines:
        to = line.account.details
        writer.writerow(
            [
                line.end_to_end_id, line.statement.number,
                amount_text(line.amount, line.currency), line.currency, safe_text(to.holder), to.iban,
                to.account_number, safe_text(to.bank_name), to.cnaps, to.bic, batch.pay_on.isoformat(),
                Details(**batch.debtors[line.currency]).number,
            ]
        )  # fmt: skip
    return text.getvalue().encode("utf-8-sig")


def xml_file(batch: Batch, lines: Sequence[BatchLine]) -> bytes:
    """pain.001.001.09 with a payment block for each currency."""
    root = Xml.Element("Document", xmlns=NAMESPACE)
    order = _in(root, "CstmrCdtTrfInitn")
    ordered = sorted(lines, key=lambda line: (line.currency, line.pk))
    first = Details(**batch.debtors[ordered[0].currency])
    head = _in(order, "GrpHdr")
    _in(head, "MsgId", batch.number)
    released = batch.released_at
    _in(head, "CreDtTm", released.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if released else "")
    _in(head, "NbOfTxs", str(len(ordered)))
    _in(head, "CtrlSum", _control_sum(ordered))
    _in(_in(head, "InitgPty"), "Nm", first.holder[:LONGEST_NAME])
    for currency, some in groupby(ordered, key=lambda line: line.currency):
        _block(order, batch, currency, list(some))
    Xml.indent(root)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(root, encoding="utf-8") + b"\n"


def _block(order: Xml.Element, batch: Batch, currency: str, lines: list[BatchLine]) -> None:
    """What leaves one account of the tenant."""
    debtor = Details(**batch.debtors[currency])
    block = _in(order, "PmtInf")
    _in(block, "PmtInfId", f"{batch.number}-{currency}")
    _in(block, "PmtMtd", "TRF")
    _in(block, "NbOfTxs", str(len(lines)))
    _in(block, "CtrlSum", _control_sum(lines))
    if currency == "EUR":
        _in(_in(_in(block, "PmtTpInf"), "SvcLvl"), "Cd", "SEPA")
    _in(_in(block, "ReqdExctnDt"), "Dt", batch.pay_on.isoformat())
    _in(_in(block, "Dbtr"), "Nm", debtor.holder[:LONGEST_NAME])
    _account(_in(block, "DbtrAcct"), debtor, currency)
    _agent(_in(block, "DbtrAgt"), debtor)
    _in(block, "ChrgBr", "SLEV")
    for line in lines:
        to = line.account.details
        payment = _in(block, "CdtTrfTxInf")
        _in(_in(payment, "PmtId"), "EndToEndId", line.end_to_end_id)
        _in(_in(payment, "Amt"), "InstdAmt", amount_text(line.amount, currency), Ccy=currency)
        if to.bic or to.cnaps:
            _agent(_in(payment, "CdtrAgt"), to)
        _in(_in(payment, "Cdtr"), "Nm", to.holder[:LONGEST_NAME])
        _account(_in(payment, "CdtrAcct"), to)
        _in(_in(payment, "RmtInf"), "Ustrd", line.statement.number)


def _account(place: Xml.Element, details: Details, currency: str = "") -> None:
    number = _in(place, "Id")
    if details.iban:
        _in(number, "IBAN", details.iban)
    else:
        _in(_in(number, "Othr"), "Id", details.account_number)
    if currency:
        _in(place, "Ccy", currency)


def _agent(place: Xml.Element, details: Details) -> None:
    """The bank: by its BIC, by its CNAPS code, or not said."""
    bank = _in(place, "FinInstnId")
    if details.bic:
        _in(bank, "BICFI", details.bic)
    if details.cnaps:
        member = _in(bank, "ClrSysMmbId")
        _in(_in(member, "ClrSysId"), "Cd", "CNAPS")
        _in(member, "MmbId", details.cnaps)
    if details.bank_name:
        _in(bank, "Nm", details.bank_name[:LONGEST_NAME])
    if not (details.bic or details.cnaps):
        _in(_in(bank, "Othr"), "Id", "NOTPROVIDED")


def _in(place: Xml.Element, name: str, text: str = "", **attributes: str) -> Xml.Element:
    made = Xml.SubElement(place, name, attributes)
    if text:
        made.text = text
    return made


def amount_text(amount: Decimal, currency: str) -> str:
    """The amount with the digits of its currency: 1234.50, and 1234 in yen."""
    return str(amount.quantize(minor_unit(currency)))


def _control_sum(lines: Sequence[BatchLine]) -> str:
    """The sum of all amounts, whatever their currency, as the standard wants it."""
    return f"{sum((line.amount for line in lines), Decimal('0.00')):.2f}"
