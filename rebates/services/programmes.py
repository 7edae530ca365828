"""Programmes and their versions: written as text, published, never changed once accrued."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from partners.models import Partner, Tier
from prm.access.rules import require
from prm.approvals.engine import published
from prm.audit.services import record
from prm.catalogue.models import Product, ProductLine
from prm.ledger.services import purpose_for
from prm.outbox.services import emit
from prm.values import clock
from prm.values.actor import Actor
from prm.values.money import is_known_currency
from prm.values.periods import Period
from rebates import partner_pools
from rebates.approvals import PROGRAMME
from rebates.contradictions import contradictions
from rebates.errors import (
    Choice,
    CodeTaken,
    FirstPeriodClosed,
    LastDayNotWhole,
    NotComputedYet,
    OneDraftAtATime,
    PeriodClosed,
    PeriodNotWhole,
    PublicationNeedsApproval,
    TextOfAnother,
    TextOfKnown,
    TextOfSeveral,
    TextRefused,
    TextSaysNothingNew,
    TooFewMembers,
    TooSmallFamily,
    TooSmallGroup,
    VersionFrozen,
    VersionInReview,
    VersionTooEarly,
)
from rebates.events import ProgrammePublished
from rebates.first_days import closed_until, next_start
from rebates.mechanisms import named_lines, named_products
from rebates.models import Programme, Version
from rebates.plans import plans_for
from rebates.policy import PolicyProblem, ProgrammeText, uncomputed
from rebates.reading import read_text
from rebates.services.asking import unknown_to_traits
from rebates.services.drafting import refuse_when_moved_on
from rebates.services.linking import (
    in_link_order,
    refuse_told_apart,
    refuse_unsound_links,
    unknown_programmes,
)

STATE = Version.State
MOST_PROBLEMS = 5


@transaction.atomic
def apply_programmes(*, texts: Sequence[ProgrammeText], by: Actor) -> list[tuple[Version, str]]:
    """Create or amend and publish all programmes of a file, or none.

    Returns each version with what happened: "created", "new version", "changed" or "unchanged". Applying a file
    again changes nothing. A text is applied by the operator's command, which stands for the approval; a person in the
    portal publishes through the flow, where there is one.
    """
    require(by, "rebates.edit_programmes")
    check_references(texts)
    done = {(text.code, text.starts): _apply(text, by) for text in in_link_order(texts)}
    return [done[text.code, text.starts] for text in texts]


def check_references(texts: Sequence[ProgrammeText]) -> None:
    """Raise PolicyProblem where a text names a product line, tier or currency that does not exist."""
    lines = set(ProductLine.objects.values_list("code", flat=True))
    tiers = set(Tier.objects.values_list("code", flat=True))
    goods = {code for text in texts for code in named_products(text.policy)}
    known = set(Product.objects.filter(code__in=goods).values_list("code", flat=True))
    problems = unknown_programmes(texts)
    for text in texts:
        problems += [
            _("%(programme)s: no product line has the code %(code)s.")
            % {"programme": text.code, "code": code}
            for code in sorted(set(named_lines(text.policy)) - lines)
        ]
        problems += [
            _("%(programme)s: no product has the code %(code)s.") % {"programme": text.code, "code": code}
            for code in sorted(set(named_products(text.policy)) - known)
        ]
        wanted = set(text.policy.get("who", {}).get("tiers", []))
        problems += [
            _("%(programme)s: no tier has the code %(code)s.") % {"programme": text.code, "code": code}
            for code in sorted(wanted - tiers)
        ]
        named = {text.policy[name] for name in ("currency", "payout_currency") if name in text.policy}
        problems += [
            _("%(programme)s: %(code)s is not a currency.") % {"programme": text.code, "code": code}
            for code in sorted(named)
            if not is_known_currency(code)
        ]
        problems += unknown_to_traits(text)
    if problems:
        raise PolicyProblem(problems)


def _apply(text: ProgrammeText, by: Actor) -> tuple[Version, str]:
    programme = Programme.objects.select_for_update().filter(code=text.code).first()
    outcome = "new version" if programme else "created"
    if programme:
        same = programme.versions.filter(starts=text.starts, state=STATE.PUBLISHED).first()
        if same:
            return _apply_again(programme, same, text, by)
    by_command = _by_command(text, by)
    version = save_draft(text=text, by=by)
    verb = "published_by_command" if by_command else "published"
    return put_into_force(version=version, by=by, verb=verb), outcome


def _by_command(text: ProgrammeText, by: Actor) -> bool:
    """Whether the operator's command takes the place of a flow that is in force. A person may not."""
    decided = published(PROGRAMME) is not None
    if decided and not by.is_system:
        raise PublicationNeedsApproval(programme=text.code)
    return decided


def _apply_again(
    programme: Programme, version: Version, text: ProgrammeText, by: Actor
) -> tuple[Version, str]:
    """The file names a version that exists: nothing to do, a later end, or a change that is still possible."""
    names_differ = version.names != (text.name, text.name_zh)
    if names_differ:
        version.name, version.name_zh = text.name, text.name_zh
        version.save(update_fields=["name", "name_zh"])
        if version == programme.versions.published().order_by("-number").first():
            _rename(programme, text.name, text.name_zh)
    ends = text.until + timedelta(days=1) if text.until else None
    same_rules = version.policy == text.policy
    if same_rules and (text.until is None or version.ends == ends):
        return version, "changed" if names_differ else "unchanged"
    if version.is_frozen and not same_rules:
        raise VersionFrozen(programme=programme.code, number=version.number)
    _by_command(text, by)
    refuse_uncomputed(text)
    refuse_unsound_links(text)
    _refuse_parts_of_periods(text)
    if version.ends is not None:
        _refuse_closed_periods(text, version.ends)
    before = {"policy": version.policy, "ends": version.ends}
    version.policy, version.ends = text.policy, ends or version.ends
    _refuse_few_members(version)
    refuse_told_apart(version)
    version.save(update_fields=["policy", "ends"])
    record(version, "changed", by=by, changes={"policy": [before["policy"], version.policy]})
    return version, "changed"


def refuse_uncomputed(text: ProgrammeText) -> None:
    """Raise NotComputedYet when the policy asks for what this release does not calculate."""
    missing = uncomputed(text.policy)
    if missing:
        raise NotComputedYet(programme=text.code, names=", ".join(missing))


@transaction.atomic
def save_draft(
    *, text: ProgrammeText, by: Actor, version: Version | None = None, is_new: bool = False,
    opened: str | None = None,
) -> Version:  # fmt: skip
    """Create a draft, as a new programme or as the next version of one; or change the draft `version`.

    `is_new` refuses the code of a programme that exists. What is published keeps its name until the draft is.
    `opened`: the mark of the draft on which the writer stands (drafting.py); None where nobody had opened one.
    """
    require(by, "rebates.edit_programmes")
    check_references([text])
    programme = Programme.objects.select_for_update().filter(code=text.code).first()
    if programme is None:
        purpose = purpose_for(kind="rebate", code=text.code, name=text.name, name_zh=text.name_zh)
        programme = Programme.objects.create(
            code=text.code, name=text.name, name_zh=text.name_zh, purpose=purpose, created_by_label=by.label
        )
        record(programme, "created", by=by)
    elif is_new:
        raise CodeTaken(programme=str(programme))
    elif not programme.versions.published().exists():
        _rename(programme, text.name, text.name_zh)
    waiting = programme.versions.filter(state=STATE.IN_REVIEW).first()
    if waiting is not None and not by.is_system:
        raise VersionInReview(programme=programme.code, number=waiting.number)
    refuse_when_moved_on(
        programme, programme.versions.filter(state=STATE.DRAFT).order_by("-number").first(), opened
    )
    if version is None:
        newest = programme.versions.order_by("-number").first()
        version = Version(programme=programme, number=newest.number + 1 if newest else 1)
    else:
        version = Version.objects.select_for_update().get(pk=version.pk, programme=programme)
        if version.state != STATE.DRAFT:
            raise VersionFrozen(programme=programme.code, number=version.number)
    _refuse_first_day(text, programme)
    version.starts = text.starts
    version.ends = text.until + timedelta(days=1) if text.until else None
    version.name, version.name_zh = text.name, text.name_zh
    version.policy, version.author_id, version.author_label = text.policy, by.user_id, by.label
    version.save()
    record(version, "drafted", by=by)
    return version


@transaction.atomic
def apply_drafts(*, texts: Sequence[ProgrammeText], by: Actor) -> list[Version]:
    """Let each text be a draft: the draft of its programme becomes it, or a new one does.

    What waits for its publication stays as it is; another text for the same programme raises VersionInReview.
    """
    require(by, "rebates.edit_programmes")
    codes = [text.code for text in texts]
    done = {
        (text.code, text.starts): _apply_draft(text, codes.count(text.code) == 1, by)
        for text in in_link_order(texts)
    }
    return [done[text.code, text.starts] for text in texts]


def _apply_draft(text: ProgrammeText, alone: bool, by: Actor) -> Version:
    rows = Version.objects.select_for_update(of=("self",)).select_related("programme")
    known = list(rows.filter(programme__code=text.code).exclude(state=STATE.PUBLISHED).order_by("-number"))
    same = next((version for version in known if text_of(version) == text), None)
    if same is not None:
        return same
    waiting = next((version for version in known if version.state == STATE.IN_REVIEW), None)
    if waiting is not None:
        raise VersionInReview(programme=text.code, number=waiting.number)
    # The draft of that day; else, where it is the programme's one draft, the newest, which its pages show.
    newest = known[0] if known and alone else None
    draft = next((version for version in known if version.starts == text.starts), newest)
    return save_draft(text=text, version=draft, by=by)


@transaction.atomic
def import_draft(*, programme: Programme, text: str, by: Actor) -> Version:
    """Make a YAML text the draft of a programme.

    Versions that are published may stand in it as they are; what else it says is the draft. Raises TextRefused, which
    names the lines, and whatever speaks against the draft itself.
    """
    require(by, "rebates.edit_programmes")
    with _problems_told():
        texts = read_text(text)
        others = sorted({one.code for one in texts} - {programme.code})
        if others:
            raise TextOfAnother(theirs=", ".join(others), ours=programme.code)
        known = [text_of(version) for version in programme.versions.published()]
        new = [one for one in texts if one not in known]
        if not new:
            raise TextSaysNothingNew()
        return apply_drafts(texts=[_only(new)], by=by)[0]


@transaction.atomic
def begin_from_text(*, text: str, by: Actor) -> Version:
    """Make a YAML text the first draft of a programme that is not here yet, such as one of another tenant.

    Raises TextRefused, which names the lines; TextOfSeveral; CodeTaken; and whatever speaks against the draft itself.
    """
    require(by, "rebates.edit_programmes")
    with _problems_told():
        texts = read_text(text)
        codes = sorted({one.code for one in texts})
        if len(codes) > 1:
            raise TextOfSeveral(programmes=", ".join(codes))
        known = Programme.objects.filter(code=codes[0]).first()
        if known is not None:
            raise TextOfKnown(programme=str(known))
        return save_draft(text=_only(texts), is_new=True, by=by)


def _only(texts: Sequence[ProgrammeText]) -> ProgrammeText:
    if len(texts) > 1:
        raise OneDraftAtATime(days=", ".join(one.starts.isoformat() for one in texts))
    return texts[0]


@contextmanager
def _problems_told() -> Iterator[None]:
    """What is wrong in a text, as a refusal on the page."""
    try:
        yield
    except PolicyProblem as problem:
        told = list(dict.fromkeys(problem.problems))[:MOST_PROBLEMS]
        raise TextRefused(problems="; ".join(told)) from problem


def _rename(programme: Programme, name: str, name_zh: str) -> None:
    if (programme.name, programme.name_zh) == (name, name_zh):
        return
    programme.name, programme.name_zh = name, name_zh
    programme.save(update_fields=["name", "name_zh"])
    purpose_for(kind="rebate", code=programme.code, name=name, name_zh=name_zh)


@transaction.atomic
def delete_draft(*, version: Version, by: Actor) -> None:
    """Throw a draft away; a programme without any version goes with it."""
    require(by, "rebates.edit_programmes")
    version = Version.objects.select_for_update().select_related("programme").get(pk=version.pk)
    if version.state == STATE.IN_REVIEW:
        raise VersionInReview(programme=version.programme.code, number=version.number)
    if version.state != STATE.DRAFT:
        raise VersionFrozen(programme=version.programme.code, number=version.number)
    record(version, "draft deleted", by=by)
    programme = version.programme
    version.delete()
    if not programme.versions.exists():
        programme.delete()


@transaction.atomic
def move_start(*, version: Version, by: Actor) -> Version:
    """Let a draft begin on the first day that is still possible, where its own is not any more."""
    require(by, "rebates.edit_programmes")
    programme = Programme.objects.select_for_update().get(pk=version.programme_id)
    version = Version.objects.select_for_update(of=("self",)).select_related("programme").get(pk=version.pk)
    if version.state == STATE.IN_REVIEW:
        raise VersionInReview(programme=programme.code, number=version.number)
    if version.state == STATE.PUBLISHED:
        raise VersionFrozen(programme=programme.code, number=version.number)
    starts = next_start(version)
    if starts is None:
        refuse_start(version)
    elif starts != version.starts:
        before, version.starts = version.starts, starts
        version.save(update_fields=["starts"])
        record(version, "start moved", by=by, changes={"starts": [before, starts]})
    return version


def refuse_start(version: Version) -> None:
    """Raise what speaks against the first day of a version that is not in force."""
    _refuse_first_day(text_of(version), version.programme)


def must_be_publishable(version: Version) -> Version | None:
    """Raise what speaks against putting a version into force, before anybody is asked about it.

    Returns the newest version in force before it.
    """
    programme, text = version.programme, text_of(version)
    refuse_uncomputed(text)
    _refuse_contradictions(text)
    refuse_unsound_links(text)
    _refuse_few_members(version)
    refuse_told_apart(version)
    return _refuse_first_day(text, programme)


def _refuse_contradictions(text: ProgrammeText) -> None:
    """A draft may have been written when another release knew fewer of them."""
    told = [words for _place, words in contradictions(text.policy)]
    if told:
        raise TextRefused(problems=" ".join(told))


def _refuse_few_members(version: Version) -> None:
    """Where each partner knows its own figure and the sum of all, a few could tell the others'."""
    if partner_pools.hangs_on_all(version.policy):
        (plan,) = plans_for([(version, Period.of(version.period_length, version.starts))])
        found, least = partner_pools.too_few(plan), partner_pools.LEAST_MEMBERS
        if found is None:
            return
        top, count = found
        if top is not None:
            parent = Partner.objects.for_everyone(because="the family that is too small").get(pk=top)
            raise TooSmallFamily(programme=version.programme.code, parent=parent, count=count, least=least)
        refused = TooSmallGroup if partner_pools.is_group(version.policy) else TooFewMembers
        raise refused(programme=version.programme.code, count=count, least=least)


@transaction.atomic
def put_into_force(*, version: Version, by: Actor, verb: str = "published") -> Version:
    """Let a version hold from its first day. The version before it ends on the day before.

    For `publish_version`, the end of a flow, and the operator's command.
    """
    require(by, "rebates.edit_programmes")
    programme = Programme.objects.select_for_update().get(pk=version.programme_id)
    version = Version.objects.select_for_update().get(pk=version.pk)
    if version.state == STATE.PUBLISHED:
        raise VersionFrozen(programme=programme.code, number=version.number)
    earlier = must_be_publishable(version)
    if earlier and (earlier.ends is None or earlier.ends > version.starts):
        earlier.ends = version.starts
        earlier.save(update_fields=["ends"])
    _rename(programme, *version.names)
    version.state, version.published_at = STATE.PUBLISHED, clock.now()
    version.save(update_fields=["state", "published_at"])
    record(version, verb, by=by)
    emit(ProgrammePublished(version_id=version.pk), object_key=f"programme:{programme.pk}")
    return version


def _refuse_first_day(text: ProgrammeText, programme: Programme) -> Version | None:
    """Raise when a version cannot begin on that day. Returns the newest version in force before it."""
    _refuse_parts_of_periods(text)
    earlier = programme.versions.published().order_by("-starts").first()
    _refuse_closed_periods(text, text.starts, PeriodClosed if earlier else FirstPeriodClosed)
    if earlier is None:
        return None
    if earlier.starts >= text.starts:
        raise VersionTooEarly(programme=text.code, latest=earlier.starts)
    if earlier.ends is None or earlier.ends > text.starts:
        first = Period.of(earlier.period_length, text.starts)
        if first.start != text.starts:
            raise PeriodNotWhole(programme=text.code, day=text.starts, choice=first.next.start)
    return earlier


def _refuse_parts_of_periods(text: ProgrammeText) -> None:
    length = text.policy["period"]
    first = Period.of(length, text.starts)
    if first.start != text.starts:
        choice = Choice((first.start, first.next.start))
        raise PeriodNotWhole(programme=text.code, day=text.starts, choice=choice)
    if text.until:
        last = Period.of(length, text.until)
        if last.last_day != text.until:
            raise LastDayNotWhole(programme=text.code, day=text.until, choice=last.last_day)


def _refuse_closed_periods(
    text: ProgrammeText, first: date, refusal: type[PeriodClosed] = PeriodClosed
) -> None:
    """Raise `refusal` when a period from `first` on ended with a run that is closed: it would never be settled."""
    ends = closed_until(text.policy["period"], first, text.until)
    if ends is not None:
        month = Period.of("month", ends - timedelta(days=1))
        raise refusal(programme=text.code, month=month, choice=ends)


def text_of(version: Version) -> ProgrammeText:
    """A version as the text that would make it."""
    programme = version.programme
    return ProgrammeText(programme.code, *version.names, version.starts, version.last_day, version.policy)
