"""The way of a file over the screens: upload, columns, preview, correction, import, error file."""

from __future__ import annotations

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from python_calamine import CalamineWorkbook

from orders.models import SalesLine
from prm.accounts.models import User
from prm.jobs.models import Job
from prm.jobs.services import run_job
from prm.spreadsheets import staging
from prm.spreadsheets.models import Import, ImportRow
from tests.factories.people import UserFactory, actor
from tests.spreadsheets.conftest import HEADING, problems_of, sale

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def quiet(settings, tmp_path, monkeypatch):
    """Files of a test go to its own folder; no broker is there to wake a worker."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.SECOND_FACTOR_ROLES = []


@pytest.fixture
def browse(client, tenant):
    def browse(person):
        client.force_login(User.objects.get(pk=person.user_id), backend="prm.accounts.backends.EmailBackend")
        client.defaults["HTTP_HOST"] = tenant.host
        return client

    return browse


def work() -> None:
    """What the worker does with open jobs."""
    for job in Job.objects.open():
        run_job(job.pk)


def text(answer) -> str:
    return answer.content.decode()


def upload(page, path, kind="sales-lines"):
    answer = page.post(
        "/imports/new/", {"kind": kind, "file": SimpleUploadedFile(path.name, path.read_bytes())}
    )
    assert answer.status_code == 302, text(answer)
    return Import.objects.latest("pk")


def match(page, made, **changes):
    columns = {**made.columns, **changes}
    return page.post(f"/imports/{made.number}/", {name: str(place) for name, place in columns.items()})


def lines() -> set[str]:
    return set(SalesLine.objects.for_everyone(because="a test").values_list("line_number", flat=True))


@pytest.mark.parametrize("name", ["sales.csv", "sales.xlsx"])
def test_a_file_with_good_rows_only_is_imported(browse, finance, acme, products, write_file, name):
    page = browse(finance)
    made = upload(
        page, write_file(name, [HEADING, sale("A/1", acme.row.number), sale("A/2", acme.row.number)])
    )
    shown = text(page.get(f"/imports/{made.number}/"))
    assert "Which column holds what?" in shown and "A/1, A/2" in shown
    assert match(page, made).status_code == 302
    assert "Checking 2 rows" in text(page.get(f"/imports/{made.number}/"))
    work()
    shown = text(page.get(f"/imports/{made.number}/"))
    assert "All 2 rows are good" in shown and "¥400.00 net · 1 partner" in shown
    assert ">2</td>" in shown and "2.000" not in shown and "200.00" in shown  # as they are shown elsewhere
    assert lines() == set()
    page.post(f"/imports/{made.number}/write/")
    work()
    assert "2 rows imported" in text(page.get(f"/imports/{made.number}/"))
    assert lines() == {"A/1", "A/2"}
    made.refresh_from_db()
    assert not made.file and made.file_name in text(page.get("/imports/"))


def test_bad_rows_are_grouped_corrected_or_left_out(browse, finance, acme, products, write_file):
    page, number = browse(finance), acme.row.number
    rows = [sale(f"A/{i}", number, product="MR-22OO") for i in range(3)]
    made = upload(
        page, write_file("s.csv", [HEADING, *rows, sale("A/9", number), sale("A/8", number, quantity="0")])
    )
    match(page, made)
    work()
    shown = text(page.get(f"/imports/{made.number}/"))
    assert "4 of 5 rows cannot be imported" in shown
    assert "and 2 more" in shown and "Replace in 3" in shown and "No product has this code." in shown
    page.post(
        f"/imports/{made.number}/correct/",
        {"field": "product_code", "value": "MR-22OO", "replacement": "MR-2200"},
    )
    work()
    shown = text(page.get(f"/imports/{made.number}/"))
    assert "1 of 5 rows cannot be imported" in shown and "1 value corrected" in shown
    page.post(f"/imports/{made.number}/write/")  # without choosing the good rows: nothing
    assert lines() == set()
    page.post(f"/imports/{made.number}/write/", {"only_good": "1"})
    work()
    assert lines() == {"A/0", "A/1", "A/2", "A/9"}
    found = page.get(f"/imports/{made.number}/errors.csv")
    assert "Quantity: Quantity is 0." in text(found) and text(found).count("\r\n") == 2


def test_columns_with_strange_headings_are_matched_by_hand(browse, finance, acme, products, write_file):
    page = browse(finance)
    strange = ["a", "b", "c", "d", "e", "f"]
    made = upload(page, write_file("s.csv", [strange, sale("A/1", acme.row.number)]))
    answer = match(page, made)
    assert (answer.status_code, "No column of the file holds: Line number" in text(answer)) == (422, True)
    twice = match(page, made, **dict.fromkeys(HEADING, 0))
    assert "chosen twice" in text(twice)
    match(page, made, **{name: place for place, name in enumerate(HEADING)})
    work()
    assert "The 1 row is good" in text(page.get(f"/imports/{made.number}/"))


def test_an_import_is_its_uploaders_and_of_those_who_see_all(
    browse, finance, administrator, acme, products, write_file
):
    made = upload(browse(finance), write_file("s.csv", [HEADING, sale("A/1", acme.row.number)]))
    stranger = actor(UserFactory(role="channel_manager"))
    for person, status in ((administrator, 200), (stranger, 404), (acme.admin, 404), (acme.sales, 403)):
        assert browse(person).get(f"/imports/{made.number}/").status_code == status
    assert made.file_name not in text(browse(stranger).get("/imports/"))
    assert browse(stranger).post(f"/imports/{made.number}/discard/").status_code == 404


def test_a_person_uploads_only_kinds_of_the_own_role(browse, finance, write_file):
    page = browse(finance)
    assert 'value="sales-lines"' in text(page.get("/imports/new/"))
    assert 'value="partners"' not in text(page.get("/imports/new/"))
    path = write_file("p.csv", [["partner_number", "name"], ["P-1", "X"]])
    answer = page.post(
        "/imports/new/", {"kind": "partners", "file": SimpleUploadedFile("p.csv", path.read_bytes())}
    )
    assert answer.status_code == 422


def test_a_check_that_was_killed_goes_on_with_the_next_piece(
    browse, finance, acme, products, write_file, monkeypatch
):
    monkeypatch.setattr(staging, "CHUNK", 10)
    page = browse(finance)
    made = upload(
        page, write_file("s.xlsx", [HEADING, *(sale(f"A/{i}", acme.row.number) for i in range(35))])
    )
    match(page, made)
    real, calls = staging.stage, []

    def dies_once(*args):
        calls.append(args)
        if len(calls) == 3:
            raise SystemExit("killed")
        return real(*args)

    monkeypatch.setattr(staging, "stage", dies_once)
    with pytest.raises(SystemExit):
        work()
    assert Job.objects.get().step == 2
    work()
    made.refresh_from_db()
    assert (made.state, made.good, len(calls)) == ("checked", 35, 5)
    page.post(f"/imports/{made.number}/write/")
    work()
    assert len(lines()) == 35 and not ImportRow.objects.exists()


def test_what_came_in_meanwhile_is_seen_before_it_is_written(browse, finance, acme, products, write_file):
    page = browse(finance)
    files = [write_file(f"{n}.csv", [HEADING, sale("A/1", acme.row.number, quantity=n)]) for n in ("1", "2")]
    first, second = (upload(page, path) for path in files)
    for made in (first, second):
        match(page, made)
    work()
    for made in (first, second):
        page.post(f"/imports/{made.number}/write/")
        work()
    second.refresh_from_db()
    assert (second.state, problems_of(second)) == ("checked", [(2, "line_number", "line_differs")])
    page.post(f"/imports/{second.number}/discard/")
    assert not ImportRow.objects.exists() and lines() == {"A/1"}


def test_the_error_file_starts_no_formula(browse, finance, acme, products, write_file):
    page = browse(finance)
    bad = '=HYPERLINK("http://example.com")'
    made = upload(page, write_file("s.csv", [HEADING, sale("A/1", acme.row.number, product=bad, net="-200")]))
    match(page, made)
    work()
    assert "'=HYPERLINK" in text(page.get(f"/imports/{made.number}/errors.csv"))
    book = page.get(f"/imports/{made.number}/errors.xlsx")
    rows = CalamineWorkbook.from_filelike(io.BytesIO(book.content)).get_sheet_by_index(0).to_python()
    assert rows[1][3] == bad and b"<f>" not in book.content
    assert page.get(f"/imports/{made.number}/errors.pdf").status_code == 404


def test_the_preview_names_the_lines_and_says_its_sum_in_chinese(browse, finance, acme, products, write_file):
    page = browse(finance)
    made = upload(page, write_file("s.csv", [HEADING, sale("A/1", acme.row.number)]))
    match(page, made)
    work()
    assert "未税" in text(page.get(f"/imports/{made.number}/", HTTP_ACCEPT_LANGUAGE="zh-hans"))
    english = text(page.get(f"/imports/{made.number}/", HTTP_ACCEPT_LANGUAGE="en"))
    assert "<th>Line number</th>" in english and '<td class="ui-fig">A/1</td>' in english
