"""100,000 rows are sorted, narrowed and searched by the indexes that a job builds for single fields."""

from __future__ import annotations

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from partners.models import Partner
from prm.customfields import indexes, services
from prm.customfields.columns import columns_for
from prm.customfields.showing import with_own
from prm.jobs.models import Job
from prm.jobs.services import run_job
from prm.ui.keyset import Order, page_of

pytestmark = pytest.mark.django_db
MANY = 100_000
FILL = """
INSERT INTO partners_partner (number, name, type, status, status_reason, status_since, region, tax_number, website,
    phone, address, note, created_at, custom)
SELECT 'P-' || n, 'Partner ' || n, 'reseller', 'active', '', now(), '', '', '', '', '', '', now(),
    CASE WHEN n %% 10 = 0 THEN '{}'::jsonb ELSE jsonb_build_object(
        'seats', (n * 7 %% 50000)::text, 'since', (DATE '2000-01-01' + n %% 9000)::text,
        'remark', 'Remark ' || md5(n::text),
        'segment', CASE WHEN n %% 1000 = 1 THEN 'big' ELSE 'small' END, 'vip', n %% 2000 = 1) END
FROM generate_series(1, %(count)s) n
"""


def build(target="partner"):
    """What the job does, in this test's own transaction."""
    return indexes.bring_up_to_date(target)


@pytest.fixture
def many(field):
    field("partner", "seats", "number", in_list=True)
    field("partner", "since", "date", in_list=True)
    field("partner", "remark", in_list=True)
    field("partner", "segment", "choice", choices=["Small", "Big"], in_list=True)
    field("partner", "vip", "yes_no", in_list=True)
    with connection.cursor() as cursor:
        cursor.execute(FILL, {"count": MANY})
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    build()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT gin_clean_pending_list('partner_by_custom')"
        )  # what autovacuum does after a bulk load
        cursor.execute("ANALYZE partners_partner")


def listed(manager):
    """The rows of the list of partners with every column prepared, and the columns by name."""
    rows, columns = Partner.objects.visible_to(manager), columns_for(Partner, manager)
    for column in columns:
        column.bind(Partner)
        rows = column.prepare(rows)
    return rows, {column.name: column for column in columns}


FILTERS = [
    ("own_seats_from=100&own_seats_to=120", " on own_"),
    ("own_since_from=2010-01-05&own_since_to=2010-01-09", " on own_"),
    ("own_remark=c4ca4238a0", "_words"),
    ("own_segment=big", "partner_by_custom"),
    ("own_vip=yes", "partner_by_custom"),
]


def test_a_hundred_thousand_rows_are_read_by_indexes(many, manager):
    """One filling serves all questions: orders both ways over two pages, every filter, the one box."""
    rows, columns = listed(manager)
    for name in ("own_seats", "own_since", "own_remark", "own_segment", "own_vip"):
        for descending in (False, True):
            _is_read_in_order(rows, columns[name], descending)
    for query, index in FILTERS:
        column = columns[query.partition("=")[0].removesuffix("_from")]
        found, chip = column.make_filter(Partner).apply(rows, QueryDict(query), manager)
        plan = found.order_by().explain()
        assert chip and "Seq Scan on partners_partner" not in plan and index in plan, plan
        assert 0 < found.count() < 1000
    rows = Partner.objects.visible_to(manager)
    found = with_own("partner", manager, rows, rows.filter(name__icontains="c4ca4238a0"), "c4ca4238a0")
    plan = found.order_by("name").explain()
    assert "Seq Scan on partners_partner" not in plan and "_words" in plan, plan
    assert found.get().number == "P-1"


def _is_read_in_order(rows, column, descending):
    order = Order(column.name, descending, column.sort_nullable)
    listed, cursor = [], ""
    for _page in range(2):
        with CaptureQueriesContext(connection) as seen:
            page = page_of(rows, order, after=cursor)
        with connection.cursor() as database:
            database.execute("EXPLAIN " + seen.captured_queries[-1]["sql"])
            plan = "\n".join(line for (line,) in database.fetchall())
        assert "Seq Scan on partners_partner" not in plan and "Sort" not in plan, plan
        assert f"{indexes.name_of(column.field_)}_{'down' if descending else 'up'}" in plan
        listed += page.rows
        cursor = page.older
    values = [order.value_of(row) for row in listed]
    assert len(values) == 100
    if column.name != "own_remark":  # words are ordered as the database's language has it
        assert values == sorted(values, reverse=descending)


class TestWhichThereAre:
    def test_only_what_lists_show_and_searches_read_costs_anything(self, field):
        seats = field("partner", "seats", "number")
        notes = field("partner", "notes", "long_text", searchable=False)
        assert build() == []
        services.change_field(field=seats, in_list=True, by=_job())
        services.change_field(field=notes, searchable=True, by=_job())
        assert build() == [f"+own_{seats.pk}_up", f"+own_{seats.pk}_down", f"+own_{notes.pk}_words"]
        assert build() == []

    def test_a_deleted_fields_indexes_go_and_come_back_with_it(self, field):
        seats = field("partner", "seats", "number", in_list=True)
        build()
        services.delete_field(field=seats, by=_job())
        assert sorted(build()) == [f"-own_{seats.pk}_down", f"-own_{seats.pk}_up"]
        services.restore_field(field=seats, by=_job())
        assert len(build()) == 2

    def test_other_options_of_a_choice_want_another_index(self, field):
        size = field("partner", "size", "choice", choices=["Small", "Large"], in_list=True)
        (first, _down), again = build(), build()
        assert again == []
        services.change_field(
            field=size, options={"choices": [("small", "Smaller", ""), ("large", "Larger", "")]}, by=_job()
        )
        assert build() == []  # words are not an order
        services.change_field(
            field=size, options={"choices": [("large", "Large", ""), ("small", "Small", "")]}, by=_job()
        )
        done = build()
        assert first.replace("+", "-") in done and first not in done and len(done) == 4

    def test_an_option_may_be_called_anything(self, field):
        field("partner", "size", "choice", choices=["it's", '100% {big}, "really" \\'], in_list=True)
        assert len(build()) == 2

    def test_a_change_starts_the_job(self, field):
        ours = Job.objects.filter(kind=indexes.JOB, key="partner")
        before = list(ours.values_list("pk", flat=True))
        field("partner", "seats", "number", in_list=True)
        assert ours.exclude(pk__in=before).count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_job_builds_without_blocking_anybody_and_again_after_a_kill(fresh_tenant):
    seats = services.create_field(
        target="partner", code="seats", kind="number", label="Seats", in_list=True, by=_job()
    )
    job = Job.objects.get(kind=indexes.JOB)
    with CaptureQueriesContext(connection) as seen:
        assert run_job(job.pk) == Job.State.DONE
    built = [query["sql"] for query in seen.captured_queries if query["sql"].startswith("CREATE INDEX")]
    assert len(built) == 2 and all("CONCURRENTLY" in sql for sql in built)
    name = f"own_{seats.pk}_up"
    with connection.cursor() as cursor:  # what a killed CREATE INDEX CONCURRENTLY leaves behind
        cursor.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = %s::regclass", [name])
    assert indexes.bring_up_to_date("partner") == [f"-{name}", f"+{name}"]


def _job():
    from prm.values.actor import Actor

    return Actor.job("test")
