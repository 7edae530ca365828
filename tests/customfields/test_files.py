"""Files as values: what is taken, who may read them, how they are replaced, and when they are gone."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from dealreg.models import DealRegistration
from dealreg.services import request_information
from partners.services import create_partner, update_partner
from prm.conditions import holds, narrow
from prm.customfields import errors, holding, kinds, services
from prm.customfields.daily import drop_unheld_files
from prm.customfields.models import StoredFile
from prm.files import uploads
from prm.spreadsheets import own
from prm.values import clock
from prm.values.actor import Actor
from tests.customfields.test_showing import registered
from tests.factories import dealreg as deals

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7\n1 0 obj <<>> endobj\n"


@pytest.fixture(autouse=True)
def files_apart(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)


def pdf(name="plan.pdf", content=PDF):
    return SimpleUploadedFile(name, content)


def document(*parts):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for part in parts:
            archive.writestr(part, b"x")
    return out.getvalue()


def picture():
    out = io.BytesIO()
    drawn = Image.new("RGB", (8, 8), "red")
    exif = drawn.getexif()
    exif[0x010E] = "taken at 31.2 N, 121.5 E"
    drawn.save(out, "JPEG", exif=exif)
    return out.getvalue()


def later(days):
    return clock.at(clock.now() + timedelta(days=days))


def content_of(answer):
    return b"".join(answer.streaming_content)


class TestWhatIsTaken:
    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("plan.pdf", PDF), ("notes.txt", "纪要".encode("gb18030")), ("old.doc", uploads.OLD_OFFICE + b"x"),
            ("sheet.xlsx", document("[Content_Types].xml", "xl/workbook.xml")),
        ],
    )  # fmt: skip
    def test_documents_come_through_as_they_are(self, name, content):
        assert uploads.checked(pdf(name, content)) == uploads.Upload(name, content)

    def test_a_picture_is_drawn_anew_so_that_it_tells_nothing_else(self):
        assert b"121.5 E" in picture()
        assert b"121.5 E" not in uploads.checked(pdf("site.jpg", picture())).content

    @pytest.mark.parametrize(
        ("name", "content", "refusal"),
        [
            ("tool.exe", b"MZ", uploads.FileRefused), ("page.html", b"<script>", uploads.FileRefused),
            ("logo.svg", b"<svg/>", uploads.FileRefused), ("plan", PDF, uploads.FileRefused),
            ("plan.pdf", b"MZ not at all", uploads.FileIsNotWhatItSays),
            ("site.png", b"\x89PNG nothing", uploads.FileIsNotWhatItSays),
            ("notes.txt", b"\x00\x01\x02", uploads.FileIsNotWhatItSays),
            ("letter.docx", document("evil.bin"), uploads.FileIsNotWhatItSays),
            ("macro.docx", document("[Content_Types].xml", "word/vbaProject.bin"), uploads.FileIsNotWhatItSays),
            ("plan.pdf", b"", uploads.FileEmpty), ("plan.pdf", PDF + b"x" * uploads.MOST_BYTES, uploads.FileTooLarge),
        ],
    )  # fmt: skip
    def test_what_is_something_else_is_refused(self, name, content, refusal):
        with pytest.raises(refusal):
            uploads.checked(pdf(name, content))

    @pytest.mark.parametrize(
        ("given", "plain"),
        [
            ("../../etc/plan.pdf", "plan.pdf"), ("C:\\temp\\plan.pdf", "plan.pdf"),
            ("plan\u202efdp.exe.pdf", "plan_fdp.exe.pdf"), ("a\r\nb.pdf", "a__b.pdf"),
            ("x" * 300 + ".pdf", "x" * 116 + ".pdf"),
        ],
    )  # fmt: skip
    def test_the_name_is_a_plain_one(self, given, plain):
        assert uploads.plain_name(given) == plain

    @pytest.mark.parametrize("value", ["plan.pdf", {"id": 1, "name": "plan.pdf", "size": 3}, 1, True])
    def test_nothing_but_a_file_makes_one(self, field, value, manager):
        wanted = field("partner", "licence", "file")
        with pytest.raises(errors.ValueRefused):
            kinds.read(wanted, value, by=manager)

    def test_a_file_of_another_field_is_refused(self, field, manager):
        secret = holding.keep(field("partner", "contract", "file", staff_only=True), pdf(), by=manager)
        field("partner", "licence", "file")
        with pytest.raises(errors.ValueRefused):
            create_partner(name="One", custom={"licence": secret}, by=manager)


class TestOnTheForm:
    def post(self, client, **typed):
        given = {
            "customer_name": "Alpha Works", "product_lines": [deals.line().pk], "estimated_value": "1000",
            "expected_close": str(clock.today() + timedelta(days=30)), **typed,
        }  # fmt: skip
        return client.post("/deals/new/", given)

    def test_a_partner_hands_it_in_and_both_sides_read_it(self, field, acme, manager, browse):
        field("deal", "tender", "file")
        client = browse(acme.sales)
        assert "multipart/form-data" in client.get("/deals/new/").content.decode()
        assert self.post(client, custom_tender=pdf()).status_code == 302
        deal = DealRegistration.objects.visible_to(manager).get()
        assert deal.custom["tender"]["name"] == "plan.pdf"
        address = f"/own/deal/{deal.pk}/tender/"
        for reader in (acme.sales, manager):
            assert address in browse(reader).get(f"/deals/{deal.number}/?tab=registration").content.decode()
            answer = browse(reader).get(address)
            assert content_of(answer) == PDF
            assert 'attachment; filename="plan.pdf"' in answer["Content-Disposition"]
            assert answer["X-Content-Type-Options"] == "nosniff"

    def test_what_was_handed_in_stays_when_the_form_comes_back(self, field, acme, browse):
        field("deal", "tender", "file", required=True)
        client = browse(acme.sales)
        page = self.post(client, custom_tender=pdf(), customer_name="")
        assert page.status_code == 422
        form = page.context["form"]
        assert "custom_tender" not in form.errors and "plan.pdf" in page.content.decode()
        ticket = form.fields["custom_tender"].widget.ticket
        assert self.post(client, **{"custom_tender-ticket": ticket}).status_code == 302
        assert StoredFile.objects.count() == 1

    def test_nobody_elses_ticket_is_worth_anything(self, field, acme, rival, browse):
        stored = holding.keep(field("deal", "tender", "file", required=True), pdf(), by=rival.sales)
        ticket = holding.ticket_for(stored, rival.sales)
        page = self.post(browse(acme.sales), **{"custom_tender-ticket": ticket})
        assert page.status_code == 422 and "custom_tender" in page.context["form"].errors

    def test_a_wrong_file_is_told_at_its_field(self, field, acme, browse):
        field("deal", "tender", "file")
        page = self.post(browse(acme.sales), custom_tender=pdf("tool.exe", b"MZ"))
        assert "This kind of file is not taken" in str(page.context["form"].errors["custom_tender"])

    def test_it_is_replaced_and_taken_away(self, field, browse, administrator):
        field("partner", "licence", "file")
        partner = create_partner(name="One", custom={"licence": pdf()}, by=administrator)
        client, address = browse(administrator), f"/partners/{partner.pk}/edit/"
        page = client.get(address)
        assert f"/own/partner/{partner.pk}/licence/" in page.content.decode()
        typed = {"name": "One", "type": partner.type}
        client.post(address, typed)
        partner.refresh_from_db()
        assert partner.custom["licence"]["name"] == "plan.pdf"
        client.post(address, {**typed, "custom_licence": pdf("new.pdf")})
        partner.refresh_from_db()
        assert partner.custom["licence"]["name"] == "new.pdf"
        client.post(address, {**typed, "custom_licence-clear": "on"})
        partner.refresh_from_db()
        assert "licence" not in partner.custom
        page = client.get(f"/partners/{partner.pk}/").content.decode()
        assert "plan.pdf → new.pdf" in page

    def test_it_is_handed_in_with_a_registration_that_came_back(self, field, acme, manager, browse):
        field("deal", "tender", "file")
        deal = deals.in_review(acme)
        request_information(registration=deal, text="Where is the tender?", by=manager)
        typed = {
            "customer_name": deal.customer_name, "product_lines": [deal.lines.get().product_line_id],
            "estimated_value": "264,000", "expected_close": deal.expected_close.isoformat(), "custom_tender": pdf(),
        }  # fmt: skip
        assert browse(acme.sales).post(f"/deals/{deal.number}/edit/", typed).status_code == 302
        deal.refresh_from_db()
        assert (deal.state, deal.custom["tender"]["name"]) == ("in_review", "plan.pdf")


class TestWhoMayRead:
    def test_another_partner_finds_nothing(self, field, acme, rival, browse):
        field("deal", "tender", "file")
        deal = registered(acme, "Alpha Works", tender=pdf())
        assert browse(rival.admin).get(f"/own/deal/{deal.pk}/tender/").status_code == 404

    def test_a_file_for_staff_is_not_there_for_partners(self, field, acme, manager, browse):
        tender = field("deal", "tender", "file", staff_only=True)
        deal = registered(acme, "Alpha Works")
        deal.custom = {"tender": kinds.read(tender, pdf(), by=manager)}
        deal.save()
        assert browse(manager).get(f"/own/deal/{deal.pk}/tender/").status_code == 200
        assert browse(acme.admin).get(f"/own/deal/{deal.pk}/tender/").status_code == 404

    def test_end_customers_and_products_are_staffs(self, field, acme, manager, browse):
        from prm.customers.services import create_customer

        field("customer", "map", "file")
        customer = create_customer(name="Alpha Works", custom={"map": pdf()}, by=manager)
        assert browse(manager).get(f"/own/customer/{customer.pk}/map/").status_code == 200
        assert browse(acme.admin).get(f"/own/customer/{customer.pk}/map/").status_code == 404

    def test_a_draft_is_the_partners_own(self, field, acme, manager, browse):
        tender = field("deal", "tender", "file")
        draft = deals.draft(acme)
        draft.custom = {"tender": kinds.read(tender, pdf(), by=acme.sales)}
        draft.save()
        assert browse(acme.sales).get(f"/own/deal/{draft.pk}/tender/").status_code == 200
        assert browse(manager).get(f"/own/deal/{draft.pk}/tender/").status_code == 404


class TestElsewhere:
    def test_lists_exports_searches_and_conditions_go_by_its_name(self, field, acme, manager, browse):
        field("deal", "tender", "file", in_list=True)
        one, other = registered(acme, "Alpha Works", tender=pdf()), registered(acme, "Beta Mills")
        client = browse(manager)
        assert f'href="/own/deal/{one.pk}/tender/">plan.pdf' in client.get("/deals/").content.decode()
        found = client.get("/deals/?own_tender=plan").context["list"].lines
        assert [line.name for line in found] == [one.number]
        assert b"plan.pdf" in content_of(client.get("/deals/?export=csv"))
        found = client.get("/deals/?q=plan.pdf").context["list"].lines
        assert [line.name for line in found] == [one.number]
        condition = {"field": "custom.tender", "op": "contains", "value": "plan"}
        rows = DealRegistration.objects.visible_to(manager)
        assert list(narrow(rows, condition, "deal")) == [one]
        assert [holds(condition, "deal", row) for row in (one, other)] == [True, False]

    def test_it_is_no_column_of_an_import(self, field):
        field("partner", "licence", "file")
        assert own.columns_of("partner") == ()

    def test_a_required_one_is_missed_on_every_path(self, field, manager):
        field("partner", "licence", "file", required=True)
        with pytest.raises(errors.ValueMissing):
            create_partner(name="One", by=manager)


class TestGoing:
    def test_a_replaced_file_goes_the_night_after(self, field, manager, django_capture_on_commit_callbacks):
        field("partner", "licence", "file")
        partner = create_partner(name="One", custom={"licence": pdf()}, by=manager)
        update_partner(partner=partner, custom={"licence": pdf("new.pdf")}, by=manager)
        old, new = StoredFile.objects.all()
        with django_capture_on_commit_callbacks(execute=True):
            drop_unheld_files()
        assert StoredFile.objects.count() == 2
        with later(2), django_capture_on_commit_callbacks(execute=True):
            drop_unheld_files()
        assert list(StoredFile.objects.all()) == [new]
        assert not old.file.storage.exists(old.file.name) and new.file.storage.exists(new.file.name)

    def test_a_deleted_field_keeps_its_files_for_30_days(
        self, field, manager, django_capture_on_commit_callbacks
    ):
        licence = field("partner", "licence", "file")
        create_partner(name="One", custom={"licence": pdf()}, by=manager)
        services.delete_field(field=licence, by=Actor.job("test"))
        with later(20):
            drop_unheld_files()
        assert StoredFile.objects.count() == 1
        with later(31), django_capture_on_commit_callbacks(execute=True):
            services.drop_field(field=licence, by=Actor.job("test"))
        assert StoredFile.objects.count() == 0
