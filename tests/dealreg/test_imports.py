"""Registrations of another system come in by the rules of the screens: all of a file, or none of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from dealreg import errors
from dealreg.models import DealRegistration, Protection
from dealreg.services import approve_registration, take_over_registration
from prm.approvals.models import ApprovalRun
from prm.audit.models import AuditEntry
from prm.jobs.models import Job
from prm.jobs.services import run_job
from prm.outbox.models import OutboxEvent
from prm.spreadsheets import services as screens
from prm.spreadsheets.whole import import_file
from prm.values import clock
from prm.values.actor import Actor
from prm.values.errors import NotAllowed
from tests.customfields.conftest import field, published
from tests.factories import dealreg as deals
from tests.spreadsheets.conftest import write_file

__all__ = ["field", "published", "write_file"]
pytestmark = pytest.mark.django_db
CLERK = Actor.command("import_data")
HEADING = [
    "deal_number",
    "partner_number",
    "customer_name",
    "product_lines",
    "estimated_value",
    "expected_close",
]
IN_A_YEAR = (clock.today() + timedelta(days=365)).isoformat()
SOON = (clock.today() + timedelta(days=30)).isoformat()


@pytest.fixture(autouse=True)
def lines(db):
    deals.registration_type()
    return deals.line("routing"), deals.line("wifi")


@pytest.fixture
def bring(write_file, acme, rival):
    """`bring(more, row…)`: further columns, and rows of number, partner, customer and what the further columns hold."""

    def bring(more=(), *rows, dry_run=False, by=CLERK):
        table = [[*HEADING, *more]]
        for number, company, customer, *rest in rows:
            lines, *rest = rest if rest and rest[0].startswith("lines:") else ("lines:routing", *rest)
            told = [number, company.row.number, customer, lines.removeprefix("lines:"), "486,000", IN_A_YEAR]
            table.append([*told, *rest])
        return import_file(kind="deals", path=write_file("deals.csv", table), by=by, dry_run=dry_run)

    return bring


def all_deals():
    return DealRegistration.objects.for_everyone(because="a test")


def runs_of(deal):
    rows = ApprovalRun.objects.for_everyone(because="a test")
    return rows.filter(subject="deal", object_id=deal.pk)


def bad(upload):
    """(row, field, code) of each bad row, in order."""
    rows = upload.rows.filter(verdict="bad").order_by("number")
    return [(r.number, p["field"], p["code"]) for r in rows for p in (r.problems or []) + (r.findings or [])]


def why(upload):
    """What each refused row is told, in English."""
    found = []
    for row in upload.rows.filter(verdict="bad").order_by("number"):
        for one in row.findings or []:
            text = one["values"].get("text", "")
            found.append(text["en"] if isinstance(text, dict) and "en" in text else str(text))
    return found


class TestWhatComesIn:
    def test_one_in_review_waits_for_whoever_decides(self, bring, acme):
        upload = bring(
            ["registered_at", "note"], ["OLD-1", acme, "Hangzhou Xunda", "2026-10-31 14:05", "Wifi for all"]
        )
        assert (upload.state, upload.written) == ("done", 1)
        deal = all_deals().get(number="OLD-1")
        assert (deal.state, deal.partner, deal.note) == ("in_review", acme.row, "Wifi for all")
        at = datetime(2026, 10, 31, 14, 5, tzinfo=clock.tenant_zone())
        assert (deal.created_at, deal.submitted_at) == (at, at)
        assert deal.waiting_since > at and deal.end_customer.name == "Hangzhou Xunda"
        assert runs_of(deal).exists()
        assert OutboxEvent.objects.filter(name="dealreg.submitted").count() == 1
        verbs = set(AuditEntry.objects.filter(object_id=str(deal.pk)).values_list("verb", flat=True))
        assert {"taken_over", "submitted"} <= verbs

    def test_an_approved_one_protects_up_to_the_day_in_the_file(self, bring, acme, rival, manager):
        upload = bring(
            ["state", "protected_to", "registered_at"],
            ["OLD-1", acme, "Hangzhou Xunda", "lines:wifi; routing", "approved", SOON, "2026-10-01"],
        )
        assert upload.state == "done", bad(upload)
        deal = all_deals().get(number="OLD-1")
        assert (deal.state, deal.protected_until.isoformat()) == ("approved", SOON)
        held = Protection.objects.for_everyone(because="a test").filter(registration=deal)
        assert {(one.first_day, one.last_day.isoformat()) for one in held} == {(date(2026, 10, 1), SOON)}
        assert held.count() == 2
        assert not runs_of(deal).exists()
        late = deals.in_review(rival, customer_name="Hangzhou Xunda")
        with pytest.raises(errors.LineNotAvailable):
            approve_registration(registration=late, by=manager)

    def test_whoever_brings_it_in_may_decide_about_it(self, bring, acme, administrator):
        bring([], ["OLD-1", acme, "Hangzhou Xunda"], by=administrator)
        deal = all_deals().get(number="OLD-1")
        assert approve_registration(registration=deal, by=administrator).state == "approved"

    def test_own_fields_are_columns(self, bring, acme, field):
        field("deal", "seats", "number")
        field("deal", "rival", "partner", label="Who else", label_zh="竞争伙伴")
        upload = bring(
            ["custom.seats", "竞争伙伴"], ["OLD-1", acme, "Hangzhou Xunda", "1,200", acme.row.number]
        )
        assert upload.state == "done", bad(upload)
        assert all_deals().get(number="OLD-1").custom == {"seats": "1200", "rival": acme.row.pk}

    def test_chinese_headings_and_words(self, write_file, acme):
        path = write_file("deals.csv", [
            ["报备单号", "合作伙伴编号", "客户名称", "产品线", "预计金额", "预计成交日期", "状态", "保护到期日"],
            ["OLD-1", acme.row.number, "杭州讯达物流有限公司", "routing、wifi", "¥486,000", IN_A_YEAR, "已批准", SOON],
        ])  # fmt: skip
        assert import_file(kind="deals", path=path, by=CLERK).written == 1
        assert all_deals().get(number="OLD-1").lines.count() == 2


class TestTwice:
    def test_one_that_is_on_file_is_skipped_and_one_that_differs_is_bad(self, bring, acme, rival, field):
        field("deal", "seats", "number")
        rows = (["OLD-1", acme, "Hangzhou Xunda", "5"], ["OLD-2", acme, "Suzhou Works", "5"])
        assert bring(["custom.seats"], *rows).written == 2
        again = bring(["custom.seats"], *rows)
        assert (again.same, again.written, again.bad) == (2, 0, 0)
        other = bring(["custom.seats"], ["OLD-1", rival, "Hangzhou Xunda", "6"], rows[1])
        assert bad(other) == [(2, "deal_number", "deal_differs")]
        assert other.rows.get(verdict="bad").findings[0]["values"]["fields"] == "partner_number, custom.seats"

    def test_one_that_went_on_since_is_still_the_same(self, bring, acme, manager):
        row = ["OLD-1", acme, "Hangzhou Xunda"]
        bring([], row)
        approve_registration(registration=all_deals().get(number="OLD-1"), by=manager)
        assert bring([], row).same == 1


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("more", "row", "found"),
        [
            (["state"], ["approved"], ("protected_to", "protection_needs_end")),
            (["protected_to"], [SOON], ("protected_to", "only_approved_protect")),
            (["type"], ["gold"], ("type", "unknown_deal_type")),
            (["registered_at"], ["2026-10-31 25:05"], ("registered_at", "not_a_moment")),
            (["registered_at"], [IN_A_YEAR], ("registered_at", "refused")),
            (["state", "protected_to"], ["approved", "2026-01-31"], ("protected_to", "refused")),
            (["state"], ["won"], ("state", "not_a_choice")),
        ],
    )
    def test_what_no_registration_can_be(self, bring, acme, more, row, found):
        upload = bring(more, ["OLD-1", acme, "Hangzhou Xunda", *row])
        assert bad(upload) == [(2, *found)] and not all_deals().exists()

    def test_what_is_not_on_file(self, bring, acme, write_file):
        upload = bring([], ["OLD-1", acme, "Hangzhou Xunda", "lines:routing;fax"])
        assert bad(upload) == [(2, "product_lines", "unknown_product_line")]
        path = write_file("d.csv", [HEADING, ["OLD-1", "P-NONE", "X Works", "routing", "1", IN_A_YEAR]])
        assert bad(import_file(kind="deals", path=path, by=CLERK)) == [
            (2, "partner_number", "unknown_partner")
        ]

    def test_each_row_by_the_rules_of_the_screens_and_nothing_is_written(
        self, bring, acme, rival, field, manager
    ):
        field("deal", "budget", "number", required=True)
        deals.approved(rival, manager, customer_name="Taken Works", custom={"budget": "1"})
        acme.row.status = "suspended"
        acme.row.save(update_fields=["status"])
        events = OutboxEvent.objects.count()
        more = ["custom.budget", "state", "protected_to"]
        upload = bring(
            more,
            ["OLD-1", acme, "Hangzhou Xunda", "1", "", ""],  # the partner is not active
            ["OLD-2", rival, "Suzhou Works", "", "", ""],  # a required field is empty
            ["OLD-3", rival, "Fine Works", "1", "", ""],
            ["OLD-4", rival, "Taken Works", "1", "approved", SOON],  # the line is held
        )
        assert [row for row, _field, _code in bad(upload)] == [2, 3, 5]
        assert bad(upload)[1] == (3, "custom.budget", "missing")
        assert (upload.good, upload.written) == (1, 0)
        assert all_deals().filter(number__startswith="OLD").count() == 0
        assert OutboxEvent.objects.count() == events
        told = why(upload)
        assert "active" in told[0] and "is protected for this customer already" in told[-1]

    def test_the_good_rows_alone_can_come_in(self, acme, rival, administrator):
        customer = "Hangzhou Xunda Logistics"
        rows = [[number, company.row.number, customer, "routing", "486000", IN_A_YEAR, "approved", SOON]
                for number, company in (("OLD-1", acme), ("OLD-2", rival))]  # fmt: skip
        text = "\n".join(",".join(row) for row in [[*HEADING, "state", "protected_to"], *rows])
        made = screens.upload_file(
            kind="deals", file=SimpleUploadedFile("d.csv", text.encode()), by=administrator
        )
        screens.match_columns(upload=made, columns=made.columns, by=administrator)
        run_job(Job.objects.get(kind="imports.check").pk)
        made.refresh_from_db()
        assert (made.good, made.bad) == (1, 1)
        screens.start_import(upload=made, only_good=True, by=administrator)
        run_job(Job.objects.get(kind="imports.write").pk)
        made.refresh_from_db()
        assert (made.state, made.written) == ("done", 1)
        assert [deal.number for deal in all_deals()] == ["OLD-1"]

    def test_two_rows_that_exclude_each_other(self, bring, acme, rival):
        more = ["state", "protected_to"]
        upload = bring(
            more,
            ["OLD-1", acme, "Hangzhou Xunda Logistics Co., Ltd.", "approved", SOON],
            ["OLD-2", rival, "Hangzhou Xunda Logistics", "approved", SOON],
            dry_run=True,
        )
        assert [row for row, _field, _code in bad(upload)] == [3]
        assert "is protected for this customer already" in why(upload)[0]

    def test_a_dry_run_writes_nothing(self, bring, acme):
        upload = bring([], ["OLD-1", acme, "Hangzhou Xunda"], dry_run=True)
        assert (upload.good, upload.bad, upload.written) == (1, 0, 0)
        assert not all_deals().exists() and not OutboxEvent.objects.filter(name="dealreg.submitted").exists()

    def test_a_conditional_rule_of_the_form_is_told_at_the_own_column(self, bring, acme, field, published):
        field("deal", "rival")
        names = ["partner", "customer_name", "product_lines", "estimated_value", "expected_close", "type"]
        over = {"field": "estimated_value", "op": "more_than", "value": "100000"}
        published("deal", [{"field": name} for name in names] + [{"field": "custom_rival", "required": over}])
        upload = bring([], ["OLD-1", acme, "Hangzhou Xunda"], dry_run=True)
        assert bad(upload) == [(2, "custom.rival", "refused")]


class TestWhoMay:
    def test_administrators_only(self, bring, acme, manager):
        with pytest.raises(NotAllowed):
            bring([], ["OLD-1", acme, "Hangzhou Xunda"], by=manager)
        for who in (manager, acme.admin):
            with pytest.raises(NotAllowed):
                take_over_registration(number="OLD-1", partner=acme.row, by=who, **deals.facts())

    def test_a_number_is_given_once(self, acme, administrator):
        take_over_registration(number="OLD-1", partner=acme.row, by=administrator, **deals.facts())
        again = deals.facts(customer_name="Suzhou Works")
        with pytest.raises(errors.NumberTaken):
            take_over_registration(number="OLD-1", partner=acme.row, by=administrator, **again)

    def test_registered_at_is_never_in_the_future(self, acme, administrator):
        later = datetime.now(UTC) + timedelta(days=1)
        with pytest.raises(errors.RegisteredLater):
            take_over_registration(
                number="OLD-1", partner=acme.row, by=administrator, registered_at=later, **deals.facts()
            )
