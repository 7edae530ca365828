"""Partners' administrators bring in reports of their own company, and nothing else; and hear nothing of others."""

from __future__ import annotations

import re

import pytest

from claims.models import Agreement, SellThroughLine, StockLine
from partners.services import add_member, end_membership, grant_access
from prm.spreadsheets import rights
from prm.spreadsheets.models import Import
from prm.spreadsheets.registry import kind_of, kinds
from prm.spreadsheets.services import correct_value, match_columns, start_import, upload_file
from prm.values.errors import NotAllowed
from tests.claims.files import checked, sale, table, told, work
from tests.claims.world import BY, EVERYONE, agreed, product, sold
from tests.factories.partners import person_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def quiet(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


def on_file() -> list[tuple]:
    rows = SellThroughLine.objects.for_everyone(because=EVERYONE).order_by("pk")
    return list(rows.values_list("partner__number", "line_number"))


def text(answer) -> str:
    return answer.content.decode()


def test_a_partner_is_offered_its_own_reports_and_nothing_else(acme, browse):
    assert {kind.name for kind in kinds() if kind.for_partners} == {"sell-through", "stock"}
    assert [kind.name for kind in rights.kinds_for(acme.admin)] == ["sell-through", "stock"]
    assert rights.kinds_for(acme.sales) == []
    page = browse(acme.admin).get("/imports/new/")
    assert re.findall(r'<option value="([a-z-]+)"', text(page)) == ["sell-through", "stock"]
    assert browse(acme.sales).get("/imports/new/").status_code == 403


def test_no_other_kind_is_brought_in_by_a_partner_whatever_it_holds(acme, browse):
    own = browse(acme.admin)
    holding_all = acme.admin.with_(permissions=frozenset(kind.verb for kind in kinds()))
    for kind in kinds():
        if kind.for_partners:
            continue
        assert own.post("/imports/new/", {"kind": kind.name, "file": table(sale("A"))}).status_code == 422
        for by in (acme.admin, holding_all):
            with pytest.raises(NotAllowed):
                upload_file(kind=kind.name, file=table(sale("A")), by=by)
    assert not Import.objects.exists()


def test_rows_are_the_own_companys_with_or_without_its_number(acme, rival):
    upload = checked(sale("A", acme.row.number), sale("B"), by=acme.admin)
    assert (upload.good, upload.bad) == (2, 0)
    start_import(upload=upload, by=acme.admin)
    work()
    assert on_file() == [(acme.row.number, "A"), (acme.row.number, "B")]
    stock = ("report", "day", "product_code", "quantity")
    upload = checked((1, "2026-09-15", product().code, 7), by=acme.admin, kind="stock", heading=stock)
    start_import(upload=upload, by=acme.admin)
    work()
    assert StockLine.objects.for_everyone(because=EVERYONE).get().partner == acme.row


def test_staff_name_the_partner(acme):
    upload = checked(sale("A"), sale("B", acme.row.number), by=BY)
    assert told(upload) == ["missing"] and upload.good == 1


@pytest.mark.parametrize("granted", [False, True])
def test_another_partners_number_is_as_unknown_as_one_that_does_not_exist(
    acme, rival, administrator, browse, granted
):
    """Also for a distributor that may see its reseller: to see is not to report."""
    if granted:
        grant_access(partner=rival.row, user=acme.admin_user, by=administrator)
        assert rival.row.pk in acme.admin.partner_ids
    made = checked(sale("A", rival.row.number), sale("B", "P-NONE"), by=acme.admin)
    assert (made.good, made.bad, told(made)) == (0, 2, ["unknown_partner"] * 2)
    own = browse(acme.admin)
    lines = text(own.get(f"/imports/{made.number}/errors.csv")).splitlines()[1:]
    words = [line.replace(rival.row.number, "#").replace("P-NONE", "#").split(",", 2)[2] for line in lines]
    assert words[0] == words[1] and "No partner has this number." in words[0]
    assert rival.name not in text(own.get(f"/imports/{made.number}/"))


def test_nothing_is_told_of_what_others_have_on_file(acme, rival):
    """Their lines, their agreements and their sales are as if they were not there."""
    agreed(rival, number="SP-2")
    for number in ("SAME", "THEIRS"):
        sold(rival, 10, line_number=number, agreement_number="SP-2")
    upload = checked(
        sale("SAME", quantity=3),
        sale("B", agreement="SP-2"), sale("C", agreement="SP-NONE"),
        sale("D", quantity=-1, reverses="THEIRS"), sale("E", quantity=-1, reverses="NONE"),
        by=acme.admin,
    )  # fmt: skip
    assert (upload.good, upload.same, upload.facts) == (1, 0, [])
    assert told(upload) == ["unknown_agreement"] * 2 + ["unknown_sale"] * 2
    assert all(one["values"] == {} for row in upload.rows.filter(verdict="bad") for one in row.findings)


def test_a_correction_takes_no_row_to_another_partner(acme, rival):
    upload = checked(sale("A", "ours"), by=acme.admin)
    correct_value(
        upload=upload, field="partner_number", value="ours", replacement=rival.row.number, by=acme.admin
    )
    work()
    upload.refresh_from_db()
    assert (upload.good, told(upload)) == (0, ["unknown_partner"])


def test_imports_are_seen_by_who_brought_them_and_by_staff_who_see_all(acme, rival, finance, manager, browse):
    upload = checked(sale("A"), sale("B", rival.row.number), by=acme.admin)
    page = upload.get_absolute_url()
    colleague = person_of(acme.row, "partner_admin", name="Second Boss")
    assert browse(acme.admin).get(page).status_code == browse(finance).get(page).status_code == 200
    for stranger in (rival.admin, colleague):
        client = browse(stranger)
        assert client.get(page).status_code == client.get(f"{page}errors.csv").status_code == 404
        assert client.get(f"{page}progress/").status_code == 404
        for verb in ("write", "discard", "correct"):
            assert client.post(f"{page}{verb}/", {"only_good": "1"}).status_code == 404
        assert upload.file_name not in text(client.get("/imports/"))
        assert page not in text(client.get("/search/", {"q": upload.number}))
    assert on_file() == []


def test_who_went_over_to_another_company_leaves_its_files_behind(acme, rival, browse):
    upload = checked(sale("A"), by=acme.admin)
    start_import(upload=upload, by=acme.admin)
    waiting = upload_file(kind="sell-through", file=table(sale("B")), by=acme.admin)
    match_columns(upload=waiting, columns=waiting.columns, by=acme.admin)
    member = acme.admin_user.memberships.get()
    end_membership(member=member, by=BY)
    add_member(partner=rival.row, user=acme.admin_user, by=BY)
    work()
    assert on_file() == []
    waiting.refresh_from_db()
    assert (waiting.state, waiting.good) == ("failed", 0)
    for made in (upload, waiting):
        with pytest.raises(NotAllowed):
            match_columns(upload=made, columns=made.columns, by=acme.admin)
    client = browse(acme.admin)
    assert client.get(upload.get_absolute_url()).status_code == 404
    assert upload.file_name not in text(client.get("/imports/"))


def test_a_partner_reads_no_faults_of_the_system(acme, finance, browse):
    upload = checked(sale("A"), by=acme.admin)
    Import.objects.update(state="failed", error="IntegrityError: Key (partner_id)=(7) of P-SECRET")
    assert "P-SECRET" in text(browse(finance).get(upload.get_absolute_url()))
    page = text(browse(acme.admin).get(upload.get_absolute_url()))
    assert "P-SECRET" not in page and "nothing was written" in page


def test_agreements_are_brought_in_by_staff_only(acme):
    assert not kind_of("agreements").for_partners
    with pytest.raises(NotAllowed):
        upload_file(kind="agreements", file=table(sale("A")), by=acme.admin)
    assert not Agreement.objects.for_everyone(because=EVERYONE).exists()
