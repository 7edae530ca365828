from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from prm.values.errors import DomainError


class Choice(tuple):
    """Days of which one may be chosen."""

    def __str__(self) -> str:
        return " / ".join(map(str, self))


class NotComputedYet(DomainError):
    """The policy is understood, but this release does not calculate it."""

    code = "not_computed_yet"
    message = _("%(programme)s: not computed yet: %(names)s.")


class VersionFrozen(DomainError):
    code = "version_frozen"
    message = _(
        "%(programme)s: version %(number)s has accrued and cannot change. Give the change a later first day."
    )


class VersionTooEarly(DomainError):
    code = "version_too_early"
    message = _("%(programme)s: a version from %(latest)s exists. A new version begins after that day.")
    field = "starts"


class PeriodNotWhole(DomainError):
    code = "period_not_whole"
    message = _("%(programme)s: %(day)s does not begin or end a period of the programme. Choose %(choice)s.")
    field = "starts"


class LastDayNotWhole(PeriodNotWhole):
    field = "until"


class PeriodClosed(DomainError):
    code = "period_closed"
    message = _(
        "%(programme)s: %(month)s is closed and is not settled again. Let it begin on %(choice)s, the first day that is"
        " possible, or later."
    )
    field = "starts"


class FirstPeriodClosed(PeriodClosed):
    """Of a programme that is not in force yet: it may have been settled elsewhere."""

    message = _(
        "%(programme)s: %(month)s is closed here and is not settled again. Let the programme begin on %(choice)s, the"
        " first day that is possible, or later. What another system settled before is brought in as its balance."
    )


class NotInThisState(DomainError):
    code = "not_in_this_state"
    message = _("Settlement %(number)s is “%(state)s”. This is not possible any more, or not yet.")


class AnotherCloses(DomainError):
    code = "another_closes"
    message = _("%(other)s is being closed. Close %(number)s when it is through.")


class NothingToSettle(DomainError):
    code = "nothing_to_settle"
    message = _("No published programme has a period that ends on %(day)s.")


class NotBegun(DomainError):
    code = "period_not_begun"
    message = _("%(period)s ends in a month that has not begun. Settle it when its sales lines are in.")


class NotOver(DomainError):
    code = "period_not_over"
    message = _("%(month)s is not over. Settlement %(number)s can be closed from %(day)s on.")


class ComputedTooEarly(DomainError):
    code = "computed_too_early"
    message = _(
        "%(month)s was not over when settlement %(number)s was computed: later lines are missing. Withdraw the"
        " approval, compute it again and have it approved."
    )


class LinesCameIn(DomainError):
    code = "lines_came_in"
    message = _(
        "Sales lines, credits and payments that are in none of the figures of settlement %(number)s: %(count)s. Compute"
        " it again, or close it without them."
    )


class NothingCameIn(DomainError):
    code = "nothing_came_in"
    message = _("Nothing that counts came in since settlement %(number)s was computed: its approval stands.")


class StillComputing(DomainError):
    code = "still_computing"
    message = _("Settlement %(number)s is being computed. Wait until it is ready.")


class RatesMissing(DomainError):
    code = "rates_missing"
    message = _(
        "Settlement %(number)s could not compute %(programme)s: there is no rate %(pair)s for %(day)s. Enter it,"
        " have it confirmed, and compute again."
    )


class CodeTaken(DomainError):
    code = "code_taken"
    field = "code"
    message = _(
        "This code is that of %(programme)s. Choose another one, or open that programme for a new version."
    )


class NotApproved(DomainError):
    code = "not_approved"
    message = _("Settlement %(number)s is not approved. It can be approved by: %(people)s.")


class AuthorMayNotApprove(DomainError):
    code = "author_may_not_approve"
    message = _("You wrote what moves more than %(limit)s here: %(programme)s. Somebody else has to approve.")


class SecondPersonNeeded(DomainError):
    code = "second_person_needed"
    message = _("%(person)s approved this settlement. Somebody else has to release its payments.")


class ReasonMissing(DomainError):
    code = "rebates_reason_missing"
    message = _("Say why in a sentence. The other side reads it.")
    field = "reason"


class VersionInReview(DomainError):
    code = "version_in_review"
    message = _(
        "%(programme)s: version %(number)s waits for its publication to be approved. Withdraw it first, then change it."
    )


class VersionNotInReview(DomainError):
    code = "version_not_in_review"
    message = _("%(programme)s: version %(number)s is “%(state)s”. Nobody is asked about its publication.")


class PublicationNeedsApproval(DomainError):
    code = "publication_needs_approval"
    message = _(
        "%(programme)s: a person publishes through the approval flow. Change the programme on its page and ask for its"
        " publication, or let the operator apply the text by command."
    )


class ComputedBefore(DomainError):
    code = "computed_before"
    message = _(
        "Another settlement was closed after %(number)s was computed. Compute it again and have it approved."
    )


class AlreadyClosed(DomainError):
    code = "already_closed"
    message = _(
        "Settlement %(number)s was closed by %(person)s. Closed is for ever; later lines become adjustments."
    )


class NothingToPay(DomainError):
    code = "nothing_to_pay"
    message = _("Nothing is open on statement %(number)s.")


class PaidElsewhere(DomainError):
    code = "paid_elsewhere"
    message = _(
        "%(number)s is in payout %(where)s. It can be paid here when it is left out or refused there."
    )


class PaymentBlocked(DomainError):
    code = "payment_blocked"
    message = _(
        "The payment is blocked: %(partner)s is “%(state)s”. It can be paid when the partner is active; its state is"
        " changed on the partner's page."
    )


class PaidInTheFuture(DomainError):
    code = "paid_in_the_future"
    message = _("The payment date lies after today, %(today)s. Choose today or an earlier day.")
    field = "paid_on"


class PaidBeforeTheClose(DomainError):
    code = "paid_before_the_close"
    message = _("Settlement %(number)s was closed on %(day)s. Choose that day or a later one.")
    field = "paid_on"


class MoreThanOpen(DomainError):
    code = "more_than_open"
    message = _("Only %(open)s is open on this statement. Pay that much or less.")
    field = "amount"


class ApproveAsOnlyInDemo(DomainError):
    code = "approve_as_only_in_demo"
    message = _("--approve-as works in demo mode and in tests only. Approve on the settlement's page.")


class TextRefused(DomainError):
    """A programme's text cannot be read; each sentence names its line and place."""

    code = "programme_text_refused"
    message = _("This text is no programme yet. %(problems)s")
    field = "text"


class TextOfAnother(DomainError):
    code = "programme_text_of_another"
    message = _("This is the text of %(theirs)s; here is %(ours)s. Import it there.")
    field = "text"


class TextOfKnown(DomainError):
    code = "programme_text_of_known"
    message = _("%(programme)s exists already. Open it and import the text there as its next version.")
    field = "text"


class TextOfSeveral(DomainError):
    code = "programme_text_of_several"
    message = _("The text has several programmes: %(programmes)s. Begin with one after the other.")
    field = "text"


class TextSaysNothingNew(DomainError):
    code = "programme_text_says_nothing_new"
    message = _(
        "The text says what is published already. Change it, and its first day, to make a draft of it."
    )
    field = "text"


class OneDraftAtATime(DomainError):
    code = "one_draft_at_a_time"
    message = _(
        "The text has several versions that are not published: %(days)s. Import them one after the other."
    )
    field = "text"


class LinkMissing(DomainError):
    code = "link_missing"
    message = _("%(programme)s names %(other)s, which is not in force on %(day)s. Publish that first.")


class LinkDiffers(DomainError):
    code = "link_differs"
    message = _(
        "%(programme)s and %(other)s are settled together: they need the same period, the same currency, and both count"
        " the year so far or neither does."
    )


class LinkSpansPartners(DomainError):
    code = "link_spans_partners"
    message = _(
        "%(programme)s cannot be settled together with %(other)s: one of them has a cap over all partners or takes them"
        " as a group. Such a programme shares no cap with others and may be net of others that compute each partner by"
        " itself; a cap over all partners may also stand in a best-of and come before what is net of it, a group may"
        " not."
    )


class TooFewMembers(DomainError):
    code = "too_few_members"
    message = _(
        "%(programme)s has a cap over all partners, and %(count)s take part now: at least %(least)s have to, so that"
        " nobody can tell another's figure from the sum."
    )


class TooSmallGroup(DomainError):
    code = "too_small_group"
    message = _(
        "%(programme)s takes its partners as a group, and %(count)s take part now: at least %(least)s have to, so that"
        " nobody can tell another's figure from the sum."
    )


class TooSmallFamily(DomainError):
    code = "too_small_family"
    message = _(
        "%(programme)s takes each parent partner with its branches as a group, and %(count)s of %(parent)s take part"
        " now: at least %(least)s have to, so that nobody can tell another's figure from the sum."
    )


class MembersToldApart(DomainError):
    code = "members_told_apart"
    message = _(
        "%(programme)s and %(other)s each tell the sum of the partners that take part, and they differ by %(count)s of"
        " them: who takes part in both could subtract one sum from the other. Let the same partners take part in both,"
        " or let them differ by %(least)s at least."
    )


class LinkedTwice(DomainError):
    code = "linked_twice"
    message = _(
        "%(programme)s would be linked twice, by %(first)s and by %(second)s. A programme shares one cap, and stands in"
        " one group of which the best pays."
    )


class LinkedInCircle(DomainError):
    code = "linked_in_circle"
    message = _(
        "%(programme)s would wait for its own figure, by way of %(others)s: programmes that share a cap, or of which"
        " the best pays, are computed together, and what is net of one of them only after that. Leave one of these"
        " links out."
    )


class NothingToSell(DomainError):
    code = "nothing_to_sell"
    message = _("No active product stands in %(line)s, so nothing can be ordered there.")
    field = "product_line"


class ProductOrAmountNeeded(DomainError):
    code = "product_or_amount_needed"
    message = _("State the net amount, or the number of a product whose price is taken.")
    field = "amount"


class NoSuchProduct(DomainError):
    code = "no_such_product"
    message = _(
        "%(code)s is no active product of %(line)s. Leave the product empty or choose its product line."
    )
    field = "product"


class SettledOutsideMeanwhile(DomainError):
    code = "settled_outside_meanwhile"
    message = _(
        "%(programme)s was settled before go-live for %(period)s, and settlement %(number)s would settle it again."
        " Compute it again."
    )


class DraftMovedOn(DomainError):
    code = "draft_moved_on"
    message = _(
        "The draft of %(programme)s is not the one any more that you had opened. Meanwhile: %(meanwhile)s. What you"
        " typed stands below and is not saved: save it over what is there now, or leave it."
    )
