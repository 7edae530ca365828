"""The editor begins with a policy that most channels know: figures, period and names stand, the rest is asked."""

from __future__ import annotations

from decimal import Decimal

import pytest

from rebates.arithmetic import Figures, rebate
from rebates.common_policies import COMMON, beginning
from rebates.models import Version
from rebates.programme_form import ProgrammeForm
from tests.rebates.world import catalogue

pytestmark = pytest.mark.django_db
# What the form has to be told for those that cannot know it.
ASKED = {
    "new-product": {"products": "routing-1"},
    "mix": {"focus": ["routing"]},
    "sets": {"part_0": "routing-1", "count_0": "3", "part_1": "security-1", "count_1": "1"},
}


@pytest.fixture(autouse=True)
def november(time_machine):
    time_machine.move_to("2026-11-12T08:00:00Z")
    catalogue("routing", "security")


def typed(code: str, finance) -> dict:
    """The form as it stands when it is opened."""
    common = next(one for one in COMMON if one.code == code)
    form = ProgrammeForm(actor=finance, currency="CNY", initial=beginning(common))
    found = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in found.items() if value not in (None, "", [])}


@pytest.mark.parametrize("code", [one.code for one in COMMON])
def test_each_is_saved_as_a_draft_once_it_knows_its_products(code, finance, browse):
    client = browse(finance)
    address = f"/programmes/new/?template={code}"
    page = client.get(address).content.decode()
    assert f'value="{code}"' in page
    before = client.post(address, typed(code, finance))
    assert before.status_code == (422 if code in ASKED else 302)
    if code in ASKED:
        assert client.post(address, typed(code, finance) | ASKED[code]).status_code == 302
    version = Version.objects.get(programme__code=code)
    assert version.state == "draft" and version.programme.name_zh
    assert (
        version.starts.isoformat()
        == {"month": "2026-12-01", "quarter": "2027-01-01", "year": "2027-01-01"}[version.policy["period"]]
    )


def test_a_new_product_spif_says_that_without_products_every_sale_would_be_paid_for(finance, browse):
    page = browse(finance).post("/programmes/new/?template=new-product", typed("new-product", finance))
    assert (
        "Name the new products, or tick their lines: without them every sale would be paid for."
        in page.content.decode()
    )
    assert not Version.objects.filter(programme__code="new-product").exists()


def test_they_pay_what_they_say(finance, browse):
    client = browse(finance)
    for code in ("annual-volume", "tiered", "purchase-discount"):
        client.post("/programmes/new/", typed(code, finance))

    def paid(code: str, amount: str) -> Decimal:
        policy = Version.objects.get(programme__code=code).policy
        return rebate(policy, Figures(Decimal(amount), Decimal(amount)))

    assert paid("annual-volume", "3000000.00") == Decimal("90000.00")
    assert paid("tiered", "350000.00") == Decimal("6500.00")
    assert paid("purchase-discount", "1234.50") == Decimal("24.69")


def test_what_is_not_known_opens_an_empty_form_and_an_amendment_offers_none(finance, browse):
    client = browse(finance)
    assert client.get("/programmes/new/?template=x").status_code == 200
    assert "Begin with a common policy" in client.get("/programmes/new/").content.decode()
    client.post("/programmes/new/", typed("tiered", finance))
    assert "Begin with a common policy" not in client.get("/programmes/tiered/amend/").content.decode()


def test_the_code_of_a_programme_that_exists_is_refused_on_its_field(finance, browse):
    client = browse(finance)
    assert client.post("/programmes/new/", typed("tiered", finance)).status_code == 302
    again = client.post("/programmes/new/", typed("tiered", finance))
    assert again.status_code == 422 and "This code is that of Tiered rebate" in again.content.decode()
