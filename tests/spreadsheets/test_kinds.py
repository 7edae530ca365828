"""Partners, end customers and products from a file; the command; the page of documentation."""

from __future__ import annotations

import json
import re
from datetime import date
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from orders.models import SalesLine
from partners.models import Partner
from prm.audit.models import AuditEntry
from prm.catalogue.models import Product, ProductLine
from prm.customers.models import EndCustomer
from prm.spreadsheets.models import Import, ImportRow
from prm.spreadsheets.registry import kinds
from prm.spreadsheets.whole import import_file
from prm.values.actor import Actor
from tests.factories.partners import TierFactory
from tests.spreadsheets.conftest import HEADING, problems_of, sale

pytestmark = pytest.mark.django_db
CLERK = Actor.command("import_data")
PAGE = Path(settings.BASE_DIR) / "docs/imports.md"


@pytest.fixture
def bring(write_file):
    def bring(kind, *rows, name="file.csv", dry_run=False):
        return import_file(kind=kind, path=write_file(name, list(rows)), by=CLERK, dry_run=dry_run)

    return bring


def partner(number):
    return Partner.objects.for_everyone(because="a test").get(number=number)


class TestPartners:
    heading = [
        "partner_number",
        "name",
        "type",
        "tier",
        "tier_since",
        "parent_number",
        "contact_name",
        "contact_email",
    ]

    @pytest.fixture(autouse=True)
    def gold(self, db):
        TierFactory(code="gold")

    @pytest.mark.parametrize("name", ["p.csv", "p.xlsx"])
    def test_new_partners_with_tier_parent_and_contact(self, bring, name):
        upload = bring(
            "partners", self.heading,
            ["P-2", "Small Reseller", "reseller", "gold", "2026-01-01", "P-1", "Zhou Wen", "zhou@example.com"],
            ["P-1", "Big Distributor", "分销商", "", "", "", "", ""], name=name,
        )  # fmt: skip
        assert upload.state == "done", problems_of(upload)
        made = partner("P-2")
        assert (made.parent.number, made.contacts.get().email) == ("P-1", "zhou@example.com")
        assert made.tier_memberships.get().during.lower == date(2026, 1, 1)
        assert partner("P-1").type == "distributor"

    def test_importing_again_changes_and_skips_what_is_the_same(self, bring):
        rows = [["P-1", "One", "reseller"], ["P-2", "Two", "agent"]]
        bring("partners", self.heading[:3], *rows)
        upload = bring("partners", self.heading[:3], rows[0], ["P-2", "Two Ltd", "agent"])
        assert (upload.same, upload.written, partner("P-2").name) == (1, 1, "Two Ltd")
        assert AuditEntry.objects.of(partner("P-2")).filter(verb="edited").exists()

    @pytest.mark.parametrize(
        ("row", "problem"),
        [
            (["", "X"], (2, "partner_number", "missing")),
            (["P-1", ""], (2, "name", "missing")),
            (["P-1", "X", "shop"], (2, "type", "not_a_choice")),
            (["P-1", "X", "", "platinum-x"], (2, "tier", "unknown_tier")),
            (["P-1", "X", "", "gold", "soon"], (2, "tier_since", "not_a_day")),
            (["P-1", "X", "", "", "", "P-9"], (2, "parent_number", "unknown_parent")),
            (["P-1", "X", "", "", "", "P-1"], (2, "parent_number", "own_parent")),
            (["P-1", "X", "", "", "", "", "Zhou", "nobody"], (2, "contact_email", "not_an_email")),
            (["P-1", "X", "", "", "", "", "", "z@example.com"], (2, "contact_name", "contact_needs_name")),
        ],
    )
    def test_what_is_refused(self, bring, row, problem):
        upload = bring("partners", self.heading, row)
        assert problems_of(upload) == [problem]
        assert not Partner.objects.for_everyone(because="a test").exists()

    def test_a_rule_that_refuses_while_writing_names_the_row_and_leaves_nothing(self, bring):
        upload = bring(
            "partners", ["partner_number", "name", "parent_number"],
            ["P-1", "One", "P-2"], ["P-2", "Two", "P-1"],
        )  # fmt: skip
        assert [problem[2] for problem in problems_of(upload)] == ["refused"]
        assert not Partner.objects.for_everyone(because="a test").exists()


class TestProducts:
    heading = ["product_code", "name", "product_line", "list_price", "tax_rate", "active"]

    @pytest.mark.parametrize("name", ["p.csv", "p.xlsx"])
    def test_new_products_bring_their_product_line(self, bring, name):
        upload = bring(
            "products", self.heading, ["MR-1", "Router", "routing", "1,200.50", "13%", "是"], name=name
        )
        product = Product.objects.get(code="MR-1")
        assert upload.facts == [{"code": "new_lines", "values": {"count": 1, "codes": "routing"}}]
        assert (product.list_price, product.tax_rate, product.currency) == (
            Decimal("1200.5"),
            Decimal("0.13"),
            "CNY",
        )
        assert product.product_line == ProductLine.objects.get(code="routing")

    def test_importing_again_changes_only_what_the_file_says(self, bring):
        bring("products", self.heading, ["MR-1", "Router", "routing", "1200", "0.13", "yes"])
        upload = bring(
            "products",
            ["product_code", "name", "product_line", "list_price"],
            ["MR-1", "Router", "routing", "1300"],
        )
        product = Product.objects.get(code="MR-1")
        assert (upload.written, product.list_price, product.tax_rate) == (1, Decimal(1300), Decimal("0.13"))
        assert bring("products", self.heading[:4], ["MR-1", "Router", "routing", "1300"]).same == 1

    @pytest.mark.parametrize(
        ("row", "problem"),
        [
            (["MR-1", "Router", "routing", "-1"], (2, "list_price", "below_zero")),
            (["MR-1", "Router", "", "1"], (2, "product_line", "missing")),
            (["MR-1", "Router", "routing", "1", "150%"], (2, "tax_rate", "not_a_rate")),
            (["MR-1", "Router", "routing", "1", "", "perhaps"], (2, "active", "not_a_choice")),
            (["M" * 61, "Router", "routing", "1"], (2, "product_code", "too_long")),
        ],
    )
    def test_what_is_refused(self, bring, row, problem):
        assert problems_of(bring("products", self.heading, row)) == [problem]
        assert not Product.objects.exists()


class TestCustomers:
    heading = ["customer_number", "name", "region", "tax_number", "domain"]

    @pytest.mark.parametrize("name", ["c.csv", "c.xlsx"])
    def test_new_customers_are_found_by_their_numbers(self, bring, name):
        upload = bring(
            "customers",
            self.heading,
            ["EC-1", "Hangzhou Xunda Co., Ltd.", "Hangzhou", "", "www.xunda56.com"],
            name=name,
        )
        assert upload.state == "done", problems_of(upload)
        assert EndCustomer.objects.get(number="EC-1").domain == "xunda56.com"

    def test_importing_again_changes(self, bring):
        bring("customers", self.heading, ["EC-1", "One", "", "", ""], ["EC-2", "Two", "", "", ""])
        upload = bring(
            "customers", self.heading, ["EC-1", "One", "", "", ""], ["EC-2", "Two", "Wuhan", "", ""]
        )
        assert (upload.same, upload.written) == (1, 1)
        assert EndCustomer.objects.get(number="EC-2").region == "Wuhan"

    @pytest.mark.parametrize(
        ("row", "field"),
        [
            (["EC-9", "X", "", "91330106MA27X0C16A"], "tax_number"),
            (["EC-9", "X", "", "", "not a domain"], "domain"),
            (["EC-9", "X", "", "12345678"], "tax_number"),
        ],
    )
    def test_what_is_refused(self, bring, row, field):
        bring("customers", self.heading, ["EC-1", "One", "", "12345678", ""])
        upload = bring("customers", self.heading, row)
        assert [problem[:2] for problem in problems_of(upload)] == [(2, field)]
        assert EndCustomer.objects.count() == 1


class TestCommand:
    def run(self, *words, code=0):
        out = StringIO()
        try:
            call_command("import_data", "alpha", *map(str, words), stdout=out, stderr=StringIO())
            found = 0
        except CommandError as error:
            found = error.returncode
        assert found == code
        return out.getvalue()

    def test_good_rows_are_written_and_counted(self, write_file, acme, products):
        path = write_file("s.xlsx", [HEADING, sale("A/1", acme.row.number)])
        assert "1 rows imported" in self.run("sales-lines", path)
        told = json.loads(self.run("sales-lines", path, "--json"))
        assert (told["written"], told["same"], told["bad"], told["errors"]) == (0, 1, 0, [])
        assert SalesLine.objects.for_everyone(because="a test").count() == 1

    def test_a_line_for_each_bad_row_and_nothing_written(self, write_file, acme, products):
        rows = [
            sale("A/1", acme.row.number),
            sale("A/2", "P-NONE", quantity="0"),
            sale("A/3", acme.row.number, day="x"),
        ]
        path = write_file("s.csv", [HEADING, *rows])
        told = self.run("sales-lines", path, code=1).splitlines()
        assert [line.partition(":")[0] for line in told] == [
            'row 3, A/2', 'row 4, A/3',
        ]  # fmt: skip
        assert "No partner has this number." in told[0] and "Quantity is 0." in told[0]
        errors = json.loads(self.run("sales-lines", path, "--json", code=1))["errors"]
        assert [(e["row"], e["key"], len(e["problems"])) for e in errors] == [(3, "A/2", 2), (4, "A/3", 1)]
        assert not SalesLine.objects.for_everyone(because="a test").exists()

    def test_a_dry_run_writes_nothing(self, write_file, acme, products):
        path = write_file("s.csv", [HEADING, sale("A/1", acme.row.number)])
        assert "1 rows are good" in self.run("sales-lines", path, "--dry-run")
        assert not SalesLine.objects.for_everyone(because="a test").exists()
        assert not ImportRow.objects.exists() and Import.objects.get().state == "discarded"

    def test_what_cannot_be_used_is_a_question_of_usage(self, write_file, tmp_path):
        self.run("sales-lines", tmp_path / "none.csv", code=2)
        self.run("sales-lines", write_file("s.csv", [["a", "b"], ["1", "2"]]), code=2)
        (tmp_path / "x.pdf").write_bytes(b"%PDF-1.7")
        self.run("sales-lines", tmp_path / "x.pdf", code=2)


class TestDocumentation:
    def tables(self):
        found, kind = {}, None
        for line in PAGE.read_text().splitlines():
            if heading := re.match(r"^## `?([a-z-]+)`?$", line):
                kind = heading[1]
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            if kind and line.startswith("| `") and len(cells) == 4:
                found.setdefault(kind, []).append(cells)
        return found

    def test_the_columns_are_those_of_the_program(self):
        tables = self.tables()
        for kind in kinds():
            said = [
                (name.strip("`"), required == "yes") for name, required, _holds, _example in tables[kind.name]
            ]
            assert said == [(column.name, column.required) for column in kind.columns], kind.name

    def test_the_examples_can_be_read(self):
        for kind in kinds():
            for name, _required, _holds, example in self.tables()[kind.name]:
                if example:
                    kind.column(name.strip("`")).parse(example.strip("`"))
