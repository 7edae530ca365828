"""A programme's name is part of its version: a draft changes nothing that is in force."""

from __future__ import annotations

import pytest

from prm.values.actor import Actor
from rebates.errors import CodeTaken
from rebates.exchange import as_yaml
from rebates.models import Programme, Version
from rebates.policy import read_document
from rebates.services import delete_draft, import_draft, save_draft
from rebates.services.programmes import put_into_force
from tests.rebates.world import apply, policy

pytestmark = pytest.mark.django_db


def text(**entries):
    (found,) = read_document({"schema": 1, "programmes": [policy(**entries)]})
    return found


@pytest.fixture
def in_force(db):
    (version,) = apply(policy(name="Core volume", name_zh="核心返利"))
    return version


def later(finance, **entries) -> Version:
    return save_draft(text=text(**{"from": "2027-01-01", "name": "Renamed"} | entries), by=finance)


def test_a_draft_names_itself_and_leaves_the_programme_as_it_is(in_force, finance):
    draft = later(finance)
    programme = Programme.objects.get(code="core")
    assert (programme.name, programme.name_zh) == ("Core volume", "核心返利")
    assert draft.names == ("Renamed", "")
    delete_draft(version=draft, by=finance)
    assert Programme.objects.get(code="core").name_zh == "核心返利"


def test_the_programme_takes_the_name_over_with_the_publication(in_force, finance):
    put_into_force(version=later(finance), by=Actor.command("tests"))
    assert Programme.objects.get(code="core").name == "Renamed"


def test_the_programme_of_a_first_draft_is_called_as_the_draft(finance):
    first = save_draft(text=text(name="First idea"), by=finance)
    save_draft(text=text(name="Better idea"), version=first, by=finance)
    assert Programme.objects.get(code="core").name == "Better idea"


def test_a_new_programme_cannot_take_the_code_of_another(in_force, finance):
    with pytest.raises(CodeTaken) as refused:
        save_draft(text=text(**{"from": "2027-01-01"}), is_new=True, by=finance)
    assert refused.value.field == "code" and "Core volume" in refused.value.text
    assert Version.objects.filter(programme__code="core").count() == 1


def test_the_text_of_a_programme_has_its_draft_too_and_can_be_read_back(in_force, finance):
    draft = later(finance)
    written = as_yaml(draft.programme)
    assert "name: Core volume" in written and "name: Renamed" in written
    delete_draft(version=draft, by=finance)
    again = import_draft(programme=in_force.programme, text=written, by=finance)
    assert again.names == ("Renamed", "") and again.state == "draft"


def test_a_text_that_the_draft_says_already_changes_nothing_and_says_so(in_force, finance, browse):
    draft = later(finance)
    written = as_yaml(draft.programme)
    client, address = browse(finance), f"/programmes/{draft.programme.code}/import/"
    answer = client.post(address, {"text": written}, follow=True).content.decode()
    assert "The draft says that already: nothing was changed." in answer
    other = written.replace("name: Renamed", "name: Renamed again")
    assert "The text is the draft now" in client.post(address, {"text": other}, follow=True).content.decode()


def test_a_new_programme_begins_from_the_text_of_another_tenants(in_force, finance, browse):
    written = as_yaml(in_force.programme)
    page = browse(finance)
    assert "exists already" in page.post("/programmes/new/text/", {"text": written}).content.decode()
    moved = written.replace("code: core", "code: core-2")
    answer = page.post("/programmes/new/text/", {"text": moved}, follow=True)
    assert "The text is the draft now" in answer.content.decode()
    draft = Version.objects.get(programme__code="core-2")
    assert draft.state == "draft" and draft.policy == in_force.policy


def test_a_text_of_two_programmes_or_none_begins_nothing(in_force, finance, browse):
    one = as_yaml(in_force.programme).replace("code: core", "code: a1")
    two = one + one.split("programmes:\n")[1].replace("code: a1", "code: b1")
    for written, said in (
        (two, "several programmes: a1, b1"),
        ("schema: 1\nprogrammes: 7", "no programme yet"),
    ):
        answer = browse(finance).post("/programmes/new/text/", {"text": written})
        assert answer.status_code == 422 and said in answer.content.decode()
    assert not Version.objects.filter(programme__code__in=("a1", "b1")).exists()


def test_reading_an_older_version_in_again_renames_nothing(in_force, finance):
    put_into_force(version=later(finance), by=Actor.command("tests"))
    apply(policy(name="Core volume", name_zh="核心返利", until="2026-12-31"))
    assert Programme.objects.get(code="core").name == "Renamed"
