"""Lists: what the actor may see, in any declared order, page by page, at a constant cost."""

import csv
import io
from types import SimpleNamespace

import pytest
from django.contrib.messages.storage.fallback import FallbackStorage
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.http import Http404
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from partners.models import Partner
from prm.ui import menu
from prm.ui.lists import Amount, Between, Bulk, Choice, Link, ListPage, Number, Ref, Text, View, When
from prm.values.actor import Actor
from prm.values.errors import DomainError, NotAllowed
from tests.factories.partners import PartnerFactory

pytestmark = pytest.mark.django_db
STAFF = Actor(
    kind="user", user_id=1, role="channel_manager", permissions=frozenset({"partners.view"}), partner_ids=None
)


class IsSuspended(DomainError):
    message = "Already suspended."


def suspend(row, actor):
    if row.status == "suspended":
        raise IsSuspended()
    row.note = "done"
    row.save()


class People(ListPage):
    title = "Partners"
    verb = "partners.view"
    rows = Partner.objects.all()
    columns = [
        Link("name", sort=True),
        Text("number", sort=True),
        Choice("status", filter=True),
        Text("region", filter=True),
        Ref("parent", filter=True, sort="parent__name"),
        When("status_since", sort=True, filter=Between),
        Amount("pk", label="Worth", filter=Between),
        Number("tax_number", hidden=True),
    ]
    order = "name"
    search = ("name", "number")
    views = [View("all", "All"), View("east", "East", lambda rows, actor: rows.filter(region="East"))]
    bulk = [Bulk("suspend", "Suspend", "partners.view", run=suspend)]
    page_size = 10


def ask(query="", actor=STAFF, page=People, data=None):
    maker = RequestFactory()
    request = maker.post("/partners/" + query, data) if data else maker.get("/partners/" + query)
    request.actor, request.tenant, request.session = actor, SimpleNamespace(name="Alpha"), {}
    request._messages = FallbackStorage(request)
    return page.as_view()(request)


def names(response):
    found = response.content.decode().split("<tbody", 1)[-1].split("</tbody>")[0]
    return [part.split(">", 1)[1].split("<")[0] for part in found.split('<a class="ui-strong')[1:]]


def link(response, word):
    page = response.content.decode()
    at = page.find(f'rel="{word}"')
    return page[:at].rpartition('href="')[2].split('"')[0].replace("&amp;", "&") if at > 0 else ""


@pytest.fixture
def many(db):
    top = PartnerFactory(name="Zz parent", region="")
    for at in range(34):
        PartnerFactory(
            name=f"Name {at // 2:02d}", region="East" if at % 3 else "West", parent=top if at % 4 else None
        )


@pytest.mark.parametrize(
    "sort", ["name", "-name", "parent__name", "-parent__name", "status_since", "-number"]
)
def test_walking_to_the_last_page_and_back_meets_every_row_once(many, sort):
    seen, response = [], ask(f"?sort={sort}")
    while True:
        seen += names(response)
        older = link(response, "next")
        if not older:
            break
        response = ask(older.removeprefix("/partners/"))
    assert len(seen) == 35
    assert Partner.objects.visible_to(STAFF).count() == 35
    back = [names(response)]
    while newer := link(response, "prev"):
        response = ask(newer.removeprefix("/partners/"))
        back.insert(0, names(response))
    assert [name for page in back for name in page] == seen


def test_only_declared_columns_sort_and_odd_cursors_show_the_first_page(many):
    first = names(ask())
    for query in (
        "?sort=note",
        "?after=%00",
        "?after=abc",
        "?sort=-status_since&after=WyJ4IiwgIngiXQ",
        "?before=W10",
    ):
        assert ask(query).status_code == 200
    assert names(ask("?sort=note")) == first


def test_filters_views_and_search_narrow_and_say_so_in_words(many):
    page = ask("?region=East&q=Name 0&view=east").content.decode()
    assert "East" in page and "Remove filter" in page
    assert all("Name 0" in name for name in names(ask("?q=Name 0")))
    assert names(ask("?status=suspended")) == []
    assert "No row matches" in ask("?status=suspended").content.decode()


def test_a_partner_sees_only_its_own_rows_and_filters_by_nobody_else(acme, rival):
    rows = names(ask("", actor=acme.sales.with_(permissions=frozenset({"partners.view"}))))
    assert rows == [acme.name]
    page = ask(f"?parent={rival.row.pk}", actor=acme.sales.with_(permissions=frozenset({"partners.view"})))
    assert rival.name not in page.content.decode()


def test_the_cost_does_not_grow_with_the_rows(many):
    def cost(query):
        with CaptureQueriesContext(
            connection,
        ) as used:
            ask(query)
        return sum(not query["sql"].startswith("SET ") for query in used.captured_queries)

    few = cost("?q=Name 00")
    assert cost("") == few - 1  # unfiltered, the list's count is its tab's
    # rows, count, two tabs and one choice of parents; the rest are the counts in the menu
    assert few <= 5 + sum(1 for entry in menu.all_entries() if entry.count)


def test_a_list_of_rows_without_owner_must_be_open_on_purpose():
    from prm.accounts.models import User

    class Users(ListPage):
        verb = "partners.view"
        rows = User.objects.all()

    with pytest.raises(ImproperlyConfigured):
        ask(page=Users)


def test_export_writes_the_whole_filter_and_no_formulas(many):
    PartnerFactory(name='=HYPERLINK("http://bad")', region="+East")
    response = ask("?export=csv")
    lines = list(csv.reader(io.StringIO(b"".join(response).decode("utf-8-sig"))))
    assert len(lines) == 37
    cells = [cell for line in lines for cell in line]
    assert '\'=HYPERLINK("http://bad")' in cells and "'+East" in cells
    assert b"".join(ask("?export=xlsx&region=West"))[:2] == b"PK"


def test_an_operator_who_acts_for_somebody_exports_nothing(many):
    with pytest.raises(NotAllowed):
        ask("?export=csv", actor=STAFF.with_(acting_operator="ops@example.com"))


def test_a_bulk_verb_names_each_refused_row():
    good, bad = PartnerFactory(name="Good"), PartnerFactory(name="Bad", status="suspended")
    response = ask(data={"bulk": "suspend", "row": [good.pk, bad.pk]})
    assert response.status_code == 302
    good.refresh_from_db(from_queryset=Partner.objects.visible_to(STAFF))
    assert good.note == "done"


def test_a_bulk_verb_with_somebody_elses_row_does_nothing(acme, rival):
    mine = acme.sales.with_(permissions=frozenset({"partners.view"}))
    with pytest.raises(Http404):
        ask(actor=mine, data={"bulk": "suspend", "row": [acme.row.pk, rival.row.pk]})
    assert not Partner.objects.visible_to(STAFF).filter(note="done").exists()


class TestColumns:
    """People choose which columns they read; the address remembers it, and nobody else's list changes."""

    def heads(self, query=""):
        page = ask(query).content.decode()
        head = page[page.index("<thead") : page.index("</thead>")]
        return [
            one for one in ("Name", "Number", "Region", "Parent", "Worth", "Tax number") if f">{one}" in head
        ]

    def test_every_column_but_the_one_that_leads_to_the_row_can_be_chosen(self, many):
        page = ask("").content.decode()
        offered = [
            one
            for one in ("name", "number", "status", "tax_number")
            if f'name="columns" value="{one}"' in page
        ]
        assert offered == ["number", "status", "tax_number"]
        assert self.heads("?columns=*&columns=number&columns=tax_number") == ["Name", "Number", "Tax number"]

    def test_the_choice_is_one_readers_own(self, many):
        before = self.heads()
        assert self.heads("?columns=*") == ["Name"]
        assert self.heads() == before

    def test_it_goes_on_with_pages_filters_and_sorting(self, many):
        page = ask("?columns=*&columns=region").content.decode()
        assert "columns=%2A&amp;columns=region" in page  # in the links of what sorts
        assert '<input type="hidden" name="columns" value="region">' in page  # in the form of filters

    def test_an_address_of_before_that_chose_own_columns_only_leaves_the_others(self, many):
        assert self.heads("?columns=-") == self.heads()
