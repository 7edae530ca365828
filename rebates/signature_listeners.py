"""Who is asked for a signature, and who hears of the answer. A notice is stored once per fact."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from partners.people import administrators_of
from prm.access.rules import who_may
from prm.jobs.daily import daily
from prm.notices.services import notify
from prm.outbox.events import listens_to
from prm.ui import said
from prm.values import clock
from prm.values.actor import Actor
from rebates.events import ProgrammePublished
from rebates.models import Signature, Version
from rebates.signature_events import SignaturesAsked, VersionDeclined, VersionSigned
from rebates.signing import BEFORE_ACCRUAL, WANTED, open_versions, standings, wants

EVERY = 7  # days between reminders
EFFECTS = {
    WANTED: _("Accrual does not wait for it."),
    BEFORE_ACCRUAL: _("Nothing accrues for you before it."),
}


@listens_to(ProgrammePublished)
def ask_for_signatures(fact: ProgrammePublished) -> None:
    version = Version.objects.select_related("programme").get(pk=fact.version_id)
    if wants(version):
        ask(version, "published")


@listens_to(SignaturesAsked)
def remind_now(fact: SignaturesAsked) -> None:
    ask(Version.objects.select_related("programme").get(pk=fact.version_id), f"day:{fact.day}")


@daily("rebates.signatures")
def remind_of_signatures() -> None:
    """Each week since its publication: those who have not answered a version. Twice a day is as good as once."""
    today = clock.today()
    for version in open_versions(today):
        if version.published_at is not None:
            day = version.published_at.astimezone(clock.tenant_zone()).date()
            if weeks := (today - day).days // EVERY:
                ask(version, f"week:{weeks}")


def ask(version: Version, fact: str) -> int:
    """Tell the administrators of every partner that has not answered; once per `fact`. Returns how many partners."""
    waiting = [one for one in standings(version, by=Actor.job("signatures")) if one.answer is None]
    people = administrators_of([one.partner.pk for one in waiting])
    for one in waiting:
        notify(
            users=people.get(one.partner.pk, []), kind="rebates.sign_wanted",
            fact=f"sign:{version.pk}:{one.partner.pk}:{fact}", link=_page(version),
            values={
                "programme": said.InEach(lambda: str(version.programme)), "number": version.number,
                "day": said.Day(version.starts), "effect": EFFECTS[version.policy["sign_off"]],
            },
        )  # fmt: skip
    return len(waiting)


@listens_to(VersionSigned)
def tell_of_a_signature(fact: VersionSigned) -> None:
    _tell("sign_signed", fact.signature_id)


@listens_to(VersionDeclined)
def tell_of_a_refusal(fact: VersionDeclined) -> None:
    _tell("sign_declined", fact.signature_id)


def _tell(kind: str, signature_id: int) -> None:
    rows = Signature.objects.for_everyone(because="an event names it")
    signature = rows.select_related("version__programme", "partner").get(pk=signature_id)
    version = signature.version
    notify(
        users=who_may("rebates.edit_programmes", signature), kind=f"rebates.{kind}", fact=f"{kind}:{signature.pk}",
        link=f"{reverse('rebates:signatures', args=[version.programme.code])}?version={version.number}",
        values={
            "partner": signature.partner.name, "programme": said.InEach(lambda: str(version.programme)),
            "number": version.number, "person": signature.signer, "reason": signature.reason,
        },
    )  # fmt: skip


def _page(version: Version) -> str:
    return reverse("rebates:agreement_sign", args=[version.programme.code, version.number])
