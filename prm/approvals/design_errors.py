"""What the designer of flows says no with."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from prm.approvals.faults import Fault
from prm.values.errors import DomainError


class DraftChanged(DomainError):
    """`version` is the draft (or published version) as it stands; None where there is none any more."""

    code = "flow_draft_changed"
    message = _(
        "%(who)s changed this flow at %(time)s, while you had it open. Nothing is lost: compare, then choose."
    )

    def __init__(self, *, version: Any, **values: Any):
        self.version = version
        super().__init__(**values)


class NotADocument(DomainError):
    code = "flow_not_a_document"
    message = _("This is no flow: %(problem)s")
    field = "text"


class OtherSubject(DomainError):
    code = "flow_of_other_subject"
    message = _("This is a flow about “%(theirs)s”; here is “%(ours)s”. Import it there.")
    field = "text"


class Unsound(DomainError):
    code = "flow_unsound"
    message = _("This flow is not sound, so it was not published: %(problem)s")


class NotSound(Unsound):
    """A text that may not be put in force; `faults` are all that speak against it."""

    def __init__(self, faults: list[Fault]):
        self.faults = faults
        super().__init__(problem=faults[0].text)


class DryRunMissing(DomainError):
    code = "flow_dry_run_missing"
    message = _("Make a dry run of this very text first. It shows what would change.")


class NoDraft(DomainError):
    code = "flow_no_draft"
    message = _("There is no draft to publish. Change something first.")


class PublishedMeanwhile(NoDraft):
    code = "flow_published_meanwhile"
    message = _("%(person)s published the draft meanwhile: version %(number)s is in force.")


class NothingNew(DomainError):
    code = "flow_nothing_new"
    message = _("The draft says the same as the version in force. There is nothing to publish.")
