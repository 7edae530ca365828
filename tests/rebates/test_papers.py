"""All statements of a settlement as PDF: shared, resumable, in one ZIP, with a font of just their characters."""

from __future__ import annotations

import io
import zipfile

import pytest

from prm.files import printing
from prm.jobs.models import Job
from prm.jobs.services import run_job
from prm.values.errors import NotAllowed
from rebates.errors import NotInThisState
from rebates.models import PrintedPart, Statement
from rebates.services import print_run, start_printing
from rebates.services.printing import print_some
from tests.factories.partners import PartnerFactory
from tests.rebates.world import apply, policy, sell, settle

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """Stands for a worker's sudden end."""


def closed(partners: int = 5):
    apply(policy(name_zh="家居阶梯返利"))
    for number in range(partners):
        sell(PartnerFactory(name=f"蓝桥生活 {number}"), 10_000 * (number + 1))
    return settle("2026-09")


def names(answer) -> list[str]:
    content = b"".join(answer.streaming_content)
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        assert file.testzip() is None
        assert all(file.read(name).startswith(b"%PDF-") for name in file.namelist())
        return sorted(file.namelist())


def numbers(run) -> list[str]:
    rows = Statement.objects.for_everyone(because="a test").filter(run=run)
    return sorted(f"{row.number}.pdf" for row in rows)


def test_every_statement_is_in_the_one_zip(finance, browse):
    run = closed()
    job = print_run(run=run, by=finance, chunk=2)
    assert job.state == "done" and job.counts["statements"] == 5 and job.counts["pages"] >= 5
    client = browse(finance)
    page = client.get(f"{run.get_absolute_url()}papers/").content.decode()
    assert "5 statements" in page and "statements.zip" in page
    assert names(client.get(f"{run.get_absolute_url()}papers/statements.zip")) == numbers(run)


def test_a_kill_loses_only_the_part_under_way(finance, monkeypatch):
    run = closed()
    job = start_printing(run=run, by=finance, chunk=2)
    made, whole = [], print_some

    def dies(job, part, *, by):
        if len(made) == 1:
            made.append("killed")
            raise Killed
        made.append(part)
        return whole(job, part, by=by)

    monkeypatch.setattr("rebates.services.printing.print_some", dies)
    with pytest.raises(Killed):
        run_job(job.pk)
    assert PrintedPart.objects.count() == 1
    monkeypatch.undo()
    assert run_job(job.pk) == "done"
    assert sum(part.count for part in PrintedPart.objects.all()) == 5
    assert (
        print_some(Job.objects.get(pk=job.pk), 0, by=finance) == {}
    )  # a part that is there is not made twice


def test_pressed_twice_it_is_one_job_and_made_anew_the_old_files_go(finance):
    run = closed(2)
    assert start_printing(run=run, by=finance).pk == start_printing(run=run, by=finance).pk
    run_job(Job.objects.get(kind="rebates.print").pk)
    first = PrintedPart.objects.get()
    print_run(run=run, by=finance)
    assert PrintedPart.objects.get().pk != first.pk


def test_only_of_a_closed_run_and_only_by_those_who_export(finance, acme, manager):
    run = closed(1)
    for stranger in (acme.admin, manager):
        with pytest.raises(NotAllowed):
            start_printing(run=run, by=stranger)
    sell(acme, 1_000, "2026-10-05")
    with pytest.raises(NotInThisState):
        start_printing(run=settle("2026-10", close=False), by=finance)


def test_the_font_has_just_the_characters_and_grows_with_them():
    small = printing.subset_of("返利对账单")
    if small is None:
        pytest.skip("this system has no Chinese font")
    assert len(small) < 20_000
    printer = printing.printer_for(["<p>返利</p>"])
    assert printing.printer_for(["<p>返利</p>"]) is printer
    grown = printing.printer_for(["<p>对账单</p>"])
    assert grown is not printer and set("返利对账单") <= grown.characters
    document, pages = grown.print("<!doctype html><p>返利对账单</p>")
    assert document.startswith(b"%PDF-") and pages == 1


def test_the_papers_are_set_in_that_font():
    class Counting(printing.Printer):
        fetched = 0

        def _fetch(self, url, *args, **kwargs):
            answer = super()._fetch(url, *args, **kwargs)
            Counting.fetched += len(answer.read())
            return super()._fetch(url, *args, **kwargs)

    if printing.subset_of("返") is None:
        pytest.skip("this system has no Chinese font")
    printer = Counting("返利")
    assert Counting.fetched == len(printer._font)
    printer.print("<!doctype html><p>返利</p>")
    assert Counting.fetched == len(printer._font)  # once for a printer, not for each paper


def test_nothing_is_fetched_while_it_is_laid_out():
    printer = printing.printer_for(["x"])
    with pytest.raises(Exception, match="."):
        printer.print('<!doctype html><img src="https://example.com/a.png"><p>x</p>')


def test_while_they_are_made_anew_the_last_ones_can_be_fetched(finance, browse):
    run = closed(2)
    print_run(run=run, by=finance)
    start_printing(run=run, by=finance)
    client = browse(finance)
    assert "statements.zip" in client.get(f"{run.get_absolute_url()}papers/").content.decode()
    assert names(client.get(f"{run.get_absolute_url()}papers/statements.zip")) == numbers(run)
