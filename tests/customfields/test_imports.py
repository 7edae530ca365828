"""The tenant's own fields in files: read, required and kept as on the screens."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from partners.models import Partner
from prm.catalogue.models import Product
from prm.customers.models import EndCustomer
from prm.spreadsheets.errors import FileColumn
from prm.spreadsheets.whole import import_file
from prm.values.actor import Actor
from tests.spreadsheets.conftest import problems_of, write_file

__all__ = ["write_file"]
pytestmark = pytest.mark.django_db
CLERK = Actor.command("import_data")
KINDS: dict[str, Any] = {
    "partners": ("partner", ["partner_number", "name"], [], lambda n: partner(n)),
    "customers": ("customer", ["customer_number", "name"], [], lambda n: EndCustomer.objects.get(number=n)),
    "products": (
        "product", ["product_code", "name", "product_line", "list_price"], ["routing", "10"],
        lambda n: Product.objects.get(code=n),
    ),
}  # fmt: skip


def partner(number):
    return Partner.objects.for_everyone(because="a test").get(number=number)


@pytest.fixture(params=list(KINDS))
def bring(request, write_file, field):
    """`bring(heading, rows…)` imports rows of one kind with further columns; `of(number)` reads what came of it."""
    target, heading, rest, of = KINDS[request.param]

    def bring(more, *rows):
        lines = [heading + more] + [[row[0], row[1], *rest, *row[2:]] for row in rows]
        return import_file(kind=request.param, path=write_file("file.csv", lines), by=CLERK)

    bring.target, bring.of = target, of
    bring.field = lambda code, kind="text", **how: field(target, code, kind, **how)
    return bring


def test_values_come_in_by_code_or_label(bring):
    bring.field("segment", "choice", choices=["SMB", "Enterprise"])
    bring.field("seats", "number", label="Seats sold", label_zh="席位数")
    bring.field("lead", "yes_no")
    upload = bring(
        ["custom.segment", "席位数", "Lead"],
        ["X-1", "One", "Enterprise", "1,200", "是"],
        ["X-2", "Two", "", "", ""],
    )
    assert upload.state == "done", problems_of(upload)
    assert bring.of("X-1").custom == {"segment": "enterprise", "seats": "1200", "lead": True}
    assert bring.of("X-2").custom == {}


def test_a_required_field_makes_a_row_bad_that_would_leave_it_empty(bring):
    bring.field("segment", required=True)
    upload = bring([], ["X-1", "One"])
    assert (upload.bad, upload.written) == (1, 0)
    assert [problem["code"] for problem in upload.rows.get().findings] == ["missing"]
    assert bring(["custom.segment"], ["X-1", "One", "SMB"]).written == 1
    assert bring([], ["X-1", "One changed"]).written == 1
    assert bring.of("X-1").custom == {"segment": "SMB"}


def test_what_cannot_be_read_is_told_row_by_row(bring):
    bring.field("seats", "number")
    upload = bring(["custom.seats"], ["X-1", "One", "many"], ["X-2", "Two", "7"])
    row = upload.rows.get(verdict="bad")
    assert (row.number, row.problems[0]["field"], row.problems[0]["code"]) == (2, "custom.seats", "refused")
    assert upload.written == 0


def test_a_rule_of_the_form_holds_for_files_too(bring, published):
    bring.field("kind")
    bring.field("other")
    published(bring.target, [
        {"field": "name"}, {"field": "custom_kind"},
        {"field": "custom_other", "shown": {"field": "custom_kind", "op": "is", "value": "other"}, "required": True},
    ])  # fmt: skip
    refused = bring(["custom.kind"], ["X-1", "One", "other"])
    assert (refused.written, refused.rows.get().verdict) == (0, "bad")
    upload = bring(
        ["custom.kind", "custom.other"], ["X-1", "One", "usual", "not kept"], ["X-2", "Two", "other", "kept"]
    )
    assert upload.state == "done", problems_of(upload)
    assert (bring.of("X-1").custom, bring.of("X-2").custom) == (
        {"kind": "usual"},
        {"kind": "other", "other": "kept"},
    )


def test_a_row_that_says_what_is_on_file_is_skipped(bring):
    bring.field("segment")
    bring(["custom.segment"], ["X-1", "One", "SMB"], ["X-2", "Two", "SMB"])
    upload = bring(["custom.segment"], ["X-1", "One", "SMB"], ["X-2", "Two", "Enterprise"])
    assert (upload.same, upload.written) == (1, 1)
    assert bring.of("X-2").custom == {"segment": "Enterprise"}


@pytest.mark.parametrize("heading", ["custom.plan", "Site plan", "场地图"])
def test_a_file_with_a_column_of_files_is_refused_naming_it(bring, heading):
    bring.field("plan", "file", label="Site plan", label_zh="场地图")
    with pytest.raises(FileColumn) as refused:
        bring([heading], ["X-1", "One", "plan.pdf"])
    assert f"“{heading}”" in refused.value.text and "cannot come in a table" in refused.value.text


def test_on_the_screen_too(field, browse, administrator):
    field("partner", "plan", "file")
    file = SimpleUploadedFile("p.csv", b"partner_number,name,custom.plan\nP-1,One,plan.pdf\n")
    answer = browse(administrator).post("/imports/new/", {"kind": "partners", "file": file})
    assert answer.status_code == 422 and "cannot come in a table" in answer.content.decode()


def test_a_heading_that_means_something_else_is_no_file(bring):
    bring.field("plan", "file", label="Name")
    assert bring([], ["X-1", "One"]).written == 1
