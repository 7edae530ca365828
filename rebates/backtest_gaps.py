"""Which facts a back-test would need and does not find: a figure is then zero for a reason that it does not tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db.models import Max, Min
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from orders.credited import CreditedLine
from orders.models import SalesLine
from orders.received import PaymentReceived
from orders.serials import SerialMoved
from prm.ui import formats
from prm.ui.formats import filled
from prm.values import clock
from prm.values.actor import Actor
from prm.values.periods import MONTHS, Period
from rebates import wording
from rebates.backtest import BackTest, within
from rebates.collection import steps_of
from rebates.counting_days import ORDER, PAYMENT, SHIPMENT, basis_of, findings
from rebates.credited import is_credited
from rebates.mechanisms import bands_of
from rebates.models import Version
from rebates.plans import plans_for
from rebates.scope import Scope
from rebates.serials import by_serial


def told(tried: BackTest, actor: Actor) -> list[str]:
    """A sentence for each kind of fact that is not on file for the periods tried, for any of the versions."""
    if not tried.periods:
        return []
    first = SalesLine.objects.visible_to(actor).aggregate(day=Min("booking_date"))["day"]
    found = [*_before_the_first_sale(tried, first)]
    policies = [version.policy for version in tried.versions]
    if any(steps_of(policy) or basis_of(policy) == PAYMENT for policy in policies):
        found += _without_payments(tried, actor)
    credited = any(is_credited(policy) for policy in policies)
    if credited and not CreditedLine.objects.visible_to(actor).exists():
        found.append(_("No sale is credited to an agent yet: what pays agents comes to nothing."))
    serials = any(by_serial(policy) for policy in policies)
    if serials and not SerialMoved.objects.visible_to(actor).exists():
        found.append(_("No serial number is on file yet: what pays for serial numbers comes to nothing."))
    return [*found, *_without_day(tried, actor)]


def shut_gates(tried: BackTest, names: list[str]) -> list[str]:
    """Of each version how many partners its gates left without anything; `names` are those of the versions."""
    found = []
    for place, name in enumerate(names):
        count, of = len(tried.shut[place]), len(tried.asked[place])
        if count:
            said = ngettext(
                "%(version)s: %(count)s of %(of)s partners did not pass its gates in one period at least, and gets"
                " nothing there.",
                "%(version)s: %(count)s of %(of)s partners did not pass its gates in one period at least, and get"
                " nothing there.",
                count,
            )
            words = {"version": name, "count": formats.number(count, 0), "of": formats.number(of, 0)}
            found.append(filled(said, words))
    return found


def days_counted(tried: BackTest, names: list[str]) -> list[str]:
    """Which days are counted, and which months that were asked for are not; `names` are those of the versions."""
    lengths = {version.period_length for version in tried.versions}
    if not tried.periods or (len(lengths) == 1 and not tried.left_out):
        return []
    first, last = tried.periods[0].start, tried.periods[-1].last_day
    found = [_("Counted: %(first)s – %(last)s.") % {"first": formats.day(first), "last": formats.day(last)}]
    if len(lengths) > 1:
        found.append(
            _("The versions are not settled equally often: of each, its periods in these days are added up.")
        )
    if tried.left_out:
        longest = max(range(len(names)), key=lambda place: MONTHS[tried.versions[place].period_length])
        words = {"months": spoken(tried.left_out), "version": names[longest]}
        found.append(_LEFT_OUT[tried.versions[longest].period_length] % words)
    return [wording.joined(found)]


# Months are all whole: of a version that is settled by the month none is ever left out.
_LEFT_OUT = {
    "quarter": gettext_lazy(
        "Left out: %(months)s, because %(version)s is settled quarterly and has no whole quarter there."
    ),
    "year": gettext_lazy(
        "Left out: %(months)s, because %(version)s is settled yearly and has no whole year there."
    ),
}


def _before_the_first_sale(tried: BackTest, first: date | None) -> Iterator[str]:
    """Periods of which no sale is on file cost nothing; growth over such a time is growth over nothing."""
    if first is not None and Period.of("month", tried.periods[0].start).end <= first:
        yield _("Sales are on file from %(day)s on: what is tried before costs nothing for that reason.") % {
            "day": formats.day(first)
        }
    growth = [version for version in tried.versions if bands_of(version.policy).share_of == "baseline"]
    plans = plans_for((version, period) for version in growth for period in _begun(tried, version))
    lacking = {
        plan.period: None
        for plan in plans
        if plan.baseline is not None and (first is None or plan.baseline.start < first)
    }
    if not lacking:
        return
    periods = pgettext("between the words of a list", ", ").join(formats.period(one) for one in lacking)
    if first is None:
        yield _("No sale is on file: growth in %(periods)s has no time before to be held against.") % {
            "periods": periods
        }
        return
    said = _(
        "Sales are on file from %(day)s on. Growth in %(periods)s is held against a time before that: it is incomplete,"
        " and who bought nothing in it counts as a partner without sales then."
    )
    yield said % {"day": formats.day(first), "periods": periods}


def _begun(tried: BackTest, version: Version) -> list[Period]:
    periods = [one for whole in tried.periods for one in within(whole, version.period_length)]
    return [one for one in periods if one.start <= clock.today()]


def _without_payments(tried: BackTest, actor: Actor) -> list[str]:
    """What hangs on payments, where none came in since the first of the periods, or none after some day of them."""
    first = tried.periods[0].start
    rows: Any = PaymentReceived.objects.visible_to(actor).filter(received_on__gte=first)
    newest: date | None = rows.aggregate(day=Max("received_on"))["day"]
    unpaid = _without_payments_of_their_own(tried)
    if newest is None and not any(tried.paid_for.values()):
        said = _(
            "No payment is on file since %(day)s: what is paid by the payment of invoices comes to nothing."
        )
        return [said % {"day": formats.day(first)}]
    last = min(tried.periods[-1].last_day, clock.today())
    if newest is not None and newest < tried.periods[-1].start and newest < last:
        said = _(
            "The newest payment on file is of %(day)s: invoices that were paid later count as unpaid here."
        )
        return [*unpaid, said % {"day": formats.day(newest)}]
    return unpaid


def _without_payments_of_their_own(tried: BackTest) -> list[str]:
    """Periods in which none of the payments on file is for an invoice that counts."""
    periods = {
        period: None
        for (place, period), paid in sorted(tried.paid_for.items())
        if not paid and period in _begun(tried, tried.versions[place])
    }
    if not periods:
        return []
    said = _(
        "No payment is on file for any of the invoices that count in %(periods)s: what is paid by the days to pay comes"
        " to nothing there. A payment counts for the invoice whose number, partner and currency it names."
    )
    return [said % {"periods": spoken(list(periods))}]


def _without_day(tried: BackTest, actor: Actor) -> list[str]:
    """Sales of the periods that count by a day which they do not have."""
    lacking: Counter[str] = Counter()
    scope = Scope(partners=None if actor.partner_ids is None else sorted(actor.partner_ids))
    for version in tried.versions:
        if basis_of(version.policy) in _LACKS:
            plans = plans_for((version, period) for period in _begun(tried, version))
            lines = sum(one["lines"] for one in findings(plans, scope))
            lacking[basis_of(version.policy)] = max(lines, lacking[basis_of(version.policy)])
    return [_LACKS[basis] % {"count": formats.number(lines, 0)} for basis, lines in lacking.items() if lines]


_LACKS = {
    ORDER: gettext_lazy(
        "Of the sales booked in these periods %(count)s have no order date and do not count: the import brings it."
    ),
    SHIPMENT: gettext_lazy(
        "Of the sales booked in these periods %(count)s have no shipping date and do not count: the import brings it."
    ),
}


def spoken(periods: list[Period]) -> str:
    """Periods as a list; three and more in a row as the first to the last."""
    rows: list[list[Period]] = []
    for period in sorted(periods):
        if rows and rows[-1][-1].end == period.start:
            rows[-1].append(period)
        else:
            rows.append([period])
    words = []
    for row in rows:
        names = [formats.period(one) for one in row]
        if len(row) > 2:
            names = [_("%(first)s to %(last)s") % {"first": names[0], "last": names[-1]}]
        words += names
    return pgettext("between the words of a list", ", ").join(words)
