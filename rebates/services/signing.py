"""A partner's answer to a version that wants its signature. Each answer keeps the text that was read, and its hash."""

from __future__ import annotations

from django.db import transaction

from partners.models import Partner
from prm.access.rules import require
from prm.audit.services import record
from prm.outbox.services import emit
from prm.values import clock
from prm.values.actor import Actor
from rebates.errors_of_signatures import (
    DeclineReasonMissing,
    NotAskedToSign,
    SignedAlready,
    TextChangedMeanwhile,
)
from rebates.models import Signature, Version
from rebates.own_targets import version_of
from rebates.signature_events import SignaturesAsked, VersionDeclined, VersionSigned
from rebates.signing import asked_of, digest_of, open_versions, standings, text_of

ANSWER = Signature.Answer


@transaction.atomic
def sign_version(*, version: Version, digest: str, by: Actor) -> Signature:
    """Sign for the own company. `digest` is that of the text which was read."""
    signature = _answer(version, ANSWER.SIGNED, digest, "", by)
    emit(
        VersionSigned(version_id=version.pk, partner_id=signature.partner_id, signature_id=signature.pk),
        object_key=f"programme:{version.programme_id}",
    )
    return signature


@transaction.atomic
def decline_version(*, version: Version, digest: str, reason: str, by: Actor) -> Signature:
    """Decline for the own company, with a reason; it can be signed later all the same."""
    require(by, "rebates.sign")
    if not reason.strip():
        raise DeclineReasonMissing()
    signature = _answer(version, ANSWER.DECLINED, digest, reason.strip(), by)
    emit(
        VersionDeclined(version_id=version.pk, partner_id=signature.partner_id, signature_id=signature.pk),
        object_key=f"programme:{version.programme_id}",
    )
    return signature


@transaction.atomic
def remind_of_signatures(*, version: Version, by: Actor) -> int:
    """Remind every partner that has not answered, now. Returns how many; a day's second press tells nobody again."""
    require(by, "rebates.edit_programmes")
    count = sum(1 for one in standings(version, by=by) if one.answer is None)
    record(version, "reminded of signatures", by=by)
    emit(
        SignaturesAsked(version_id=version.pk, day=clock.today().isoformat()),
        object_key=f"programme:{version.programme_id}",
    )
    return count


def _answer(version: Version, answer: str, digest: str, reason: str, by: Actor) -> Signature:
    require(by, "rebates.sign")
    partners = Partner.objects.hold([by.partner_id] if by.partner_id else [])
    mine = Partner.objects.visible_to(by).filter(pk__in=[partner.pk for partner in partners])
    partner = asked_of(version, partners=mine).first()
    if partner is None or version not in open_versions():
        raise NotAskedToSign(programme=str(version.programme), number=version.number)
    signed = Signature.objects.visible_to(by).signed().filter(version=version, partner=partner).first()
    if signed is not None:
        raise SignedAlready(person=signed.signer)
    text = text_of(version_of(version, partner.number))
    if digest != digest_of(text):
        raise TextChangedMeanwhile()
    signature = Signature.objects.create(
        version=version, partner=partner, answer=answer, reason=reason, text=text, digest=digest, by_id=by.user_id,
        by_label=by.label[:200], address=by.address[:45], at=clock.now(),
    )  # fmt: skip
    verb = "signed" if answer == ANSWER.SIGNED else "declined"
    changes = {"version": [None, str(version)], "digest": [None, digest]}
    record(signature, verb, by=by, changes=changes, reason=reason)
    return signature
