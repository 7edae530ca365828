"""The file for the bank: what a bank's program reads, and the same bytes each time."""

from __future__ import annotations

import csv
import hashlib
import io
from datetime import date, timedelta
from decimal import Decimal
from importlib import resources
from xml.etree import ElementTree

import pytest
from xmlschema import XMLSchema, XMLSchemaValidationError

from payouts import files
from payouts.errors import FileDiffers
from payouts.models import Batch, BatchLine
from payouts.services import book_batch, fail_line, prepare_batch, release_batch, set_paying_account
from prm.audit.models import AuditEntry
from prm.values import clock
from tests.factories.orders import SalesLineFactory
from tests.payouts.world import CNY, IBAN, OTHER_IBAN, account, closed, details, pays_from
from tests.rebates.world import apply, policy

pytestmark = pytest.mark.django_db
NS = {"p": files.NAMESPACE}


def two_currencies(acme, rival, finance, second) -> Batch:
    """ACME is paid in EUR to an IBAN, its rival in CNY to a Chinese account."""
    pays_from(finance, "EUR", "CNY")
    account(acme, finance, second, currency="EUR")
    account(acme, finance, second)
    account(rival, finance, second, holder='=HYPERLINK("x") 瑞沃系统')
    apply(policy("euro", currency="EUR"))
    SalesLineFactory(
        partner=acme.row, booking_date=date(2026, 9, 9), net_amount=Decimal("12345.67"), currency="EUR"
    )
    run = closed((acme, 10_000), (rival, 20_000))
    return release_batch(batch=prepare_batch(run=run, by=finance), by=second)


@pytest.fixture
def batch(acme, rival, finance, second):
    return two_currencies(acme, rival, finance, second)


def texts(root, path: str) -> list[str]:
    return [found.text for found in root.findall(path, NS)]


def test_pain_001_is_what_a_bank_checks(batch):
    root = ElementTree.fromstring(files.file_of(batch, "xml"))
    assert root.tag == "{urn:iso:std:iso:20022:tech:xsd:pain.001.001.09}Document"
    lines = list(BatchLine.objects.for_everyone(because="a test").filter(batch=batch).for_list())
    assert texts(root, ".//p:GrpHdr/p:MsgId") == [batch.number]
    assert texts(root, ".//p:GrpHdr/p:NbOfTxs") == [str(len(lines))] == ["3"]
    amounts = [Decimal(text) for text in texts(root, ".//p:InstdAmt")]
    assert (
        sum(amounts) == Decimal(texts(root, ".//p:GrpHdr/p:CtrlSum")[0]) == sum(line.amount for line in lines)
    )
    blocks = root.findall(".//p:PmtInf", NS)
    for block in blocks:
        own = [Decimal(text) for text in texts(block, "p:CdtTrfTxInf/p:Amt/p:InstdAmt")]
        assert texts(block, "p:CtrlSum") == [str(sum(own))]
        assert texts(block, "p:NbOfTxs") == [str(len(own))]
    assert texts(root, ".//p:PmtInfId") == [f"{batch.number}-CNY", f"{batch.number}-EUR"]
    ids = texts(root, ".//p:EndToEndId")
    assert sorted(ids) == sorted(line.end_to_end_id for line in lines)
    assert len(set(ids)) == 3
    assert all(len(one) <= 35 for one in [*ids, batch.number, f"{batch.number}-CNY"])


def test_the_file_holds_against_the_standards_own_schema(batch):
    schema = XMLSchema(str(resources.files("sepaxml") / "schemas" / "pain.001.001.09.xsd"))
    made = files.file_of(batch, "xml")
    schema.validate(made.decode())
    with pytest.raises(XMLSchemaValidationError):
        schema.validate(made.decode().replace("<PmtMtd>TRF</PmtMtd>", ""))


def test_the_parts_stand_in_the_order_of_the_standard(batch):
    root = ElementTree.fromstring(files.file_of(batch, "xml"))

    def names(element) -> list[str]:
        return [child.tag.partition("}")[2] for child in element]

    head, euro = root.find(".//p:GrpHdr", NS), root.findall(".//p:PmtInf", NS)[1]
    assert names(head) == ["MsgId", "CreDtTm", "NbOfTxs", "CtrlSum", "InitgPty"]
    assert names(euro)[:10] == [
        "PmtInfId", "PmtMtd", "NbOfTxs", "CtrlSum", "PmtTpInf", "ReqdExctnDt", "Dbtr", "DbtrAcct", "DbtrAgt", "ChrgBr",
    ]  # fmt: skip
    assert names(euro.find("p:CdtTrfTxInf", NS)) == ["PmtId", "Amt", "CdtrAgt", "Cdtr", "CdtrAcct", "RmtInf"]
    assert names(euro.find("p:DbtrAcct", NS)) == ["Id", "Ccy"]


def test_euros_go_to_an_iban_and_yuan_to_a_number_with_the_banks_code(batch):
    root = ElementTree.fromstring(files.file_of(batch, "xml"))
    china, euro = root.findall(".//p:PmtInf", NS)
    assert texts(euro, "p:CdtTrfTxInf/p:CdtrAcct/p:Id/p:IBAN") == [IBAN]
    assert texts(euro, "p:DbtrAcct/p:Id/p:IBAN") == [OTHER_IBAN]
    assert texts(euro, ".//p:SvcLvl/p:Cd") == ["SEPA"]
    assert texts(euro, "p:CdtTrfTxInf/p:CdtrAgt/p:FinInstnId/p:BICFI") == ["COBADEFF"]
    assert texts(china, "p:CdtTrfTxInf/p:CdtrAcct/p:Id/p:Othr/p:Id") == [CNY["account_number"]] * 2
    assert texts(china, "p:CdtTrfTxInf/p:CdtrAgt/p:FinInstnId/p:ClrSysMmbId/p:MmbId") == [CNY["cnaps"]] * 2
    assert texts(china, ".//p:SvcLvl/p:Cd") == []
    assert {found.get("Ccy") for found in china.findall(".//p:InstdAmt", NS)} == {"CNY"}


def test_the_csv_holds_the_same_payments_and_no_formula(batch):
    rows = list(csv.DictReader(io.StringIO(files.file_of(batch, "csv").decode("utf-8-sig"))))
    lines = list(BatchLine.objects.for_everyone(because="a test").filter(batch=batch).for_list())
    assert [row["end_to_end_id"] for row in rows] == [line.end_to_end_id for line in lines]
    assert sum(Decimal(row["amount"]) for row in rows) == sum(line.amount for line in lines)
    assert not any(value.startswith(("=", "+", "@")) for row in rows for value in row.values())
    assert {row["account_number"] for row in rows} == {"", CNY["account_number"]}


def test_made_again_it_is_the_same_bytes_whatever_happened_since(batch, acme, rival, finance, second):
    before = {kind: files.file_of(batch, kind) for kind in files.KINDS}
    assert hashlib.sha256(before["xml"]).hexdigest() == batch.xml_digest
    assert hashlib.sha256(before["csv"]).hexdigest() == batch.csv_digest
    set_paying_account(by=finance, **details("EUR", holder="Vendor Elsewhere", bic=""))
    account(acme, finance, second, days_ago=14, holder="ACME Elsewhere")
    type(rival.row).objects.for_everyone(because="a test").filter(pk=rival.row.pk).update(name="Renamed")
    fail_line(
        line=BatchLine.objects.for_everyone(because="a test").filter(batch=batch).first(),
        reason="AC04",
        by=finance,
    )
    book_batch(batch=batch, by=second)
    with clock.at(clock.now() + timedelta(days=400)):
        again = {kind: files.file_of(Batch.objects.get(pk=batch.pk), kind) for kind in files.KINDS}
    assert again == before


def test_a_file_that_is_not_the_released_one_is_not_handed_out(batch):
    batch.xml_digest = "0" * 64
    with pytest.raises(FileDiffers):
        files.file_of(batch, "xml")


def test_the_digest_stands_in_the_trail_and_each_download_too(batch, browse, finance):
    trail = AuditEntry.objects.of(batch).get(verb="payout released")
    assert trail.changes["xml_digest"] == [None, batch.xml_digest]
    client = browse(finance)
    for kind in ("xml", "csv"):
        answer = client.get(f"/payout-files/{batch.number}/file.{kind}")
        assert (answer.status_code, hashlib.sha256(answer.content).hexdigest()) == (
            200, batch.xml_digest if kind == "xml" else batch.csv_digest,
        )  # fmt: skip
    assert AuditEntry.objects.filter(verb="exported", user_id=finance.user_id).count() == 2
    assert client.get(f"/payout-files/{batch.number}/file.exe").status_code == 404
