"""What was taken away stands in the trail: which list, narrowed to what, how many rows; found by the verb's words."""

from __future__ import annotations

import pytest
from django.utils import translation
from django.utils.translation import gettext_lazy

from prm.audit.history import changes_of
from prm.audit.models import AuditEntry
from prm.audit.services import record
from prm.ui import export
from tests.factories import dealreg as deals
from tests.factories.catalogue import ProductLineFactory
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db


def rows_of(page) -> list:
    return page.context["list"].lines


def told(entry: AuditEntry, language: str) -> dict[str, str]:
    with translation.override(language):
        return {change["code"]: change["new"] for change in changes_of(entry)}


def test_an_exports_row_says_which_list_which_filter_which_format_and_how_many_rows(
    administrator, browse, acme
):
    deals.in_review(acme)
    deals.in_review(acme, customer_name="Ningbo Haiyun")
    client = browse(administrator)
    client.get("/deals/?export=xlsx&view=all&q=Ningbo&state=in_review")
    entry = AuditEntry.objects.get(verb="exported")
    with translation.override("en"):
        assert entry.object_named == "Deal registrations" and entry.reason_said == "Deal registrations"
    english, chinese = told(entry, "en"), told(entry, "zh-hans")
    assert english["format"] == "XLSX" and english["rows"] == "1"
    assert "“Ningbo”" in english["filter"] and "In review" in english["filter"]
    assert "审" in chinese["filter"] and "In review" not in chinese["filter"]
    client.get("/deals/?export=csv")
    assert told(AuditEntry.objects.latest("pk"), "en")["rows"] == "2"


def test_actions_are_found_by_the_words_of_the_reader(administrator, browse):
    lin = UserFactory(name="Lin Yue")
    record(lin, "exported", by=administrator)
    record(lin, "deactivated", by=administrator)
    client = browse(administrator)
    for language, words in (("en", "Exported"), ("zh-hans", "导出"), ("en", "lin exported")):
        page = client.get("/settings/audit/", {"q": words}, HTTP_ACCEPT_LANGUAGE=language)
        assert [AuditEntry.objects.get(pk=line.pk).verb for line in rows_of(page)] == ["exported"], words
    assert not rows_of(client.get("/settings/audit/?q=he exported"))


def test_words_of_the_product_and_names_in_two_languages_are_read_in_ones_own(administrator, acme, manager):
    line = ProductLineFactory(code="gifts", name="Gifts", name_zh="礼品与节庆")
    with translation.override("zh-hans"):  # whoever acts reads Chinese
        deal = deals.approved(acme, manager, product_lines=[line])
        record(deal, "changed", by=administrator, changes={"line": [None, line]})
        export.note(administrator, gettext_lazy("Deal registrations"))
    approved = AuditEntry.objects.get(verb="approved", object_type="dealreg.dealregistration")
    assert told(approved, "en")["product_lines"] == "Gifts"
    assert told(approved, "zh-hans")["product_lines"] == "礼品与节庆"
    changed = AuditEntry.objects.get(verb="changed", object_type="dealreg.dealregistration")
    assert told(changed, "en")["line"] == "Gifts"
    exported = AuditEntry.objects.get(verb="exported")
    with translation.override("en"):
        english = exported.reason_said
    with translation.override("zh-hans"):
        assert exported.reason_said != english and english.isascii()
