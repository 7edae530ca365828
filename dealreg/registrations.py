"""What deal registration tells the platform: verbs, kinds of notices, open work, search, menu."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy

from prm.access import permissions
from prm.access.roles import PARTNER_ROLES, STAFF_ROLES, Role
from prm.audit import words
from prm.customfields.showing import with_own
from prm.notices import kinds, work
from prm.outbox import objects, told
from prm.search import registry as search
from prm.ui import formats, menu
from prm.values import pulse
from prm.values.actor import Actor

ADMIN, MANAGER = Role.ADMINISTRATOR, Role.CHANNEL_MANAGER
DECIDERS = (ADMIN, MANAGER)


def register() -> None:
    objects.register(
        "deal", "dealreg.DealRegistration", verb="dealreg.view", find=("number", "customer_name")
    )
    told.register(
        "deal", "dealreg.DealRegistration", read=told_of_deal, related=("partner",), deal_number="str", state="str",
        partner_id="int", partner_number="str", partner_name="str", customer_name="str", amount="str", currency="str",
    )  # fmt: skip
    _register_verbs()
    words.register_types(
        {
            "dealreg.dealregistration": _("Deal registration"),
            "dealreg.availabilityquestion": _("Availability question"),
        }
    )
    words.register_names(
        {
            "last_day": pgettext_lazy("change", "last day"),
            "product_lines": pgettext_lazy("change", "product lines"),
        }
    )
    words.register(
        {
            "draft_begun": _("draft begun"),
            "info_requested": _("information asked for"),
            "answered": _("answered"),
            "expired": _("protection ended"),
            "taken_over": _("brought in from another system"),
        }
    )
    words.register_types(
        {
            "dealreg.dealregistration": _("Deal registration"),
            "dealreg.registrationtype": _("Registration type"),
            "dealreg.availabilityquestion": _("Question about a customer"),
        }
    )
    _register_staff_notices()
    _register_partner_notices()
    _register_menu()
    work.register(open_work, count=count_open_work, verb="dealreg.view")
    search.register(
        "deals", label=_("Deal registrations"), icon="target-arrow", find=find, order=20, verb="dealreg.view",
        more=lambda text: f"/deals/?{urlencode({'q': text})}",
    )  # fmt: skip


def told_of_deal(deal: Any) -> dict[str, Any]:
    """What other systems are told of a registration beside its id."""
    return {
        "deal_number": deal.number, "state": deal.state, "customer_name": deal.customer_name,
        "partner_id": deal.partner_id, "partner_number": deal.partner.number, "partner_name": deal.partner.name,
        "amount": None if deal.estimated_value is None else str(deal.estimated_value), "currency": deal.currency,
    }  # fmt: skip


def _register_verbs() -> None:
    permissions.register(
        "dealreg.view", label=_("See deal registrations"), roles=[*STAFF_ROLES, *PARTNER_ROLES], reads=True
    )
    permissions.register("dealreg.check", label=_("Ask whether a customer is available"), roles=PARTNER_ROLES)
    permissions.register(
        "dealreg.register", label=_("Register deals for partners"), roles=[*PARTNER_ROLES, *DECIDERS]
    )
    permissions.register(
        "dealreg.approve", label=_("Approve deal registrations"), roles=DECIDERS, sensitive=True
    )
    permissions.register(
        "dealreg.reject", label=_("Reject deal registrations"), roles=DECIDERS, sensitive=True
    )
    permissions.register("dealreg.ask", label=_("Ask partners about a registration"), roles=DECIDERS)
    permissions.register(
        "dealreg.configure", label=_("Set up registration types"), roles=[ADMIN], sensitive=True
    )
    # Won, lost and withdrawn: the name makes it sensitive, so that nobody ends a deal in another's name.
    permissions.register(
        "dealreg.close",
        label=_("Mark deals as won or lost"),
        roles=[*PARTNER_ROLES, *DECIDERS],
        sensitive=True,
    )
    permissions.register(
        "dealreg.export",
        label=_("Export deal registrations"),
        roles=[*STAFF_ROLES, Role.PARTNER_ADMIN],
        sensitive=True,
        reads=True,
    )


def _register_staff_notices() -> None:
    def tell(name: str, **words: Any) -> None:
        kinds.register(f"dealreg.{name}", icon="target-arrow", roles=DECIDERS, **words)

    tell(
        "submitted", label=_("A deal waits for a decision"),
        title=_("%(partner)s registered %(customer)s"),
        body=_("%(number)s for %(value)s. Conflict check: %(check)s."),
    )  # fmt: skip
    tell(
        "answered", label=_("A partner answered"),
        title=_("%(author)s answered about %(customer)s"), body=_("%(text)s"),
    )  # fmt: skip
    tell(
        "corrected", label=_("A partner corrected a deal"),
        title=_("%(partner)s corrected %(customer)s"),
        body=_("%(number)s for %(value)s. Conflict check: %(check)s."),
    )  # fmt: skip
    tell(
        "withdrawn", label=_("A partner withdrew a deal"),
        title=_("%(partner)s withdrew %(customer)s"), body=_("%(number)s needs no decision any more."),
    )  # fmt: skip
    tell(
        "won", label=_("A deal was won"),
        title=_("%(partner)s won %(customer)s"), body=_("%(number)s for %(value)s."),
    )  # fmt: skip
    tell(
        "lost", label=_("A deal was lost"),
        title=_("%(partner)s lost %(customer)s"), body=_("%(number)s: %(reason)s"),
    )  # fmt: skip

    tell(
        "asked_too_often", label=_("A partner asks again and again about one customer"),
        title=_("%(partner)s asks a fourth time about %(customer)s"),
        body=_("The page answers no more: the question is yours. Three in 90 days are free."),
    )  # fmt: skip


def _register_partner_notices() -> None:
    def tell(name: str, **words: Any) -> None:
        kinds.register(f"dealreg.{name}", icon="target-arrow", roles=PARTNER_ROLES, **words)

    tell(
        "approved", label=_("Your registration was approved"),
        title=_("%(customer)s is protected for you until %(day)s"),
        body=_("%(who)s approved %(number)s for %(lines)s."),
    )  # fmt: skip
    tell(
        "rejected", label=_("Your registration was rejected"),
        title=_("%(number)s for %(customer)s was rejected"), body=_("%(who)s wrote: %(reason)s"),
    )  # fmt: skip
    tell(
        "info_requested", label=_("Information about your deal is asked for"),
        title=_("%(author)s asks about %(customer)s"), body=_("%(text)s"),
    )  # fmt: skip
    tell(
        "ends_soon", label=_("A protection ends soon"),
        title=_("Your protection of %(customer)s ends on %(day)s"),
        body=_("Say whether %(number)s is won or lost before then."),
    )  # fmt: skip
    tell(
        "expired", label=_("A protection has ended"),
        title=_("Your protection of %(customer)s has ended"),
        body=_("%(number)s is expired. Register the deal again to renew it."),
    )  # fmt: skip


def _register_menu() -> None:
    menu.register(
        section="Channel", label=_("Deal registrations"), tab_label=_("Deals"), icon="target-arrow", order=20,
        url="dealreg:list", verb="dealreg.view", count=count_to_decide, tab=4, key="r", hot=True,
    )  # fmt: skip
    menu.register(
        section="", label=_("May I register?"), icon="search", order=30, url="dealreg:check",
        verb="dealreg.check", audience="partner",
    )  # fmt: skip
    menu.register(
        section="", label=_("Register a deal"), icon="plus", order=35, url="dealreg:new",
        verb="dealreg.register", audience="partner", tab=3,
    )  # fmt: skip
    menu.register(
        section="", label=_("Deal registrations"), tab_label=_("Deals"), icon="target-arrow", order=40,
        url="dealreg:list", verb="dealreg.view", count=count_for_partner, audience="partner", tab=2, key="r", hot=True,
    )  # fmt: skip


def count_to_decide(actor: Actor) -> int | None:
    from dealreg import figures

    if "dealreg.approve" not in actor.permissions:
        return None
    return pulse.kept("deals", actor, lambda: figures.to_decide(actor, most=menu.COUNTED))


def count_for_partner(actor: Actor) -> int:
    from dealreg import figures

    return menu.once("deals", lambda: figures.waiting_for_partner(actor, most=menu.COUNTED))


def count_open_work(actor: Actor) -> int:
    if actor.is_partner:
        return count_for_partner(actor) if "dealreg.register" in actor.permissions else 0
    if "dealreg.approve" not in actor.permissions:
        return 0
    return _outside_flows(actor).count_to(menu.COUNTED)


def _outside_flows(actor: Actor) -> Any:
    """What waits for a decision without a flow; the others are tasks, which approvals show."""
    from dealreg.models import DealRegistration

    return DealRegistration.objects.visible_to(actor).in_review().outside_flows().not_own(actor)


def open_work(actor: Actor) -> Iterable[work.Work]:
    """For staff what they decide, with the promise; for a partner what it was asked."""
    from dealreg.models import DealRegistration
    from dealreg.waiting import promised_by

    if actor.is_partner:
        rows = DealRegistration.objects.visible_to(actor).select_related("partner").order_by("waiting_since")
        for row in rows.waiting_for_partner()[:50] if "dealreg.register" in actor.permissions else []:
            yield work.Work(
                title=row.customer_name, link=row.get_absolute_url(), since=row.waiting_since,
                subtitle=row.number, kind=_("Answer the question"), icon="message-2-question",
            )  # fmt: skip
        return
    rows = _outside_flows(actor).select_related("partner").order_by("waiting_since")
    for row in rows[:50] if "dealreg.approve" in actor.permissions else []:
        value = formats.money(row.estimated_value, row.currency, 0)
        yield work.Work(
            title=row.customer_name, link=row.get_absolute_url(), since=row.waiting_since,
            subtitle=f"{row.partner} · {value}", due=promised_by(row.waiting_since),
            kind=_("Deal registration"), icon="target-arrow",
        )  # fmt: skip


def open_work_when_off() -> list[str]:
    """What stays undone in the tenant while deal registration is off."""
    from dealreg.models import DealRegistration

    rows = DealRegistration.objects.for_everyone(because="counted, for whoever switches the module off")
    waiting = rows.filter(state__in=["submitted", "in_review", "info_requested"]).count()
    running = rows.filter(state="approved").count()
    found = []
    if waiting:
        found.append(
            ngettext(
                "%(count)s registration waits for an answer and stays unanswered.",
                "%(count)s registrations wait for an answer and stay unanswered.",
                waiting,
            )
            % {"count": waiting}
        )
    if running:
        found.append(
            ngettext(
                "%(count)s protection is running; its last day does not move.",
                "%(count)s protections are running; their last days do not move.",
                running,
            )
            % {"count": running}
        )
    return found


TONES = {
    "draft": "", "submitted": "live", "in_review": "live", "info_requested": "note", "approved": "ok", "won": "ok",
    "lost": "", "rejected": "bad", "withdrawn": "", "expired": "", "disputed": "bad",
}  # fmt: skip


def find(actor: Actor, text: str, limit: int) -> list[search.Row]:
    """Registrations whose customer, number or tax number holds `text`; without text the newest."""
    from dealreg.models import DealRegistration

    rows = (
        DealRegistration.objects.visible_to(actor)
        .readable_by(actor)
        .select_related("partner")
        .order_by("-pk")
    )
    if text:
        rows = with_own("deal", actor, rows, rows.found_by(text), text)
    return [
        search.Row(
            title=row.customer_name or row.number,
            detail=row.number if actor.is_partner else f"{row.number} · {row.partner}",
            href=row.get_absolute_url(),
            state=str(row.get_state_display()),
            tone=TONES[row.state],
        )
        for row in rows[:limit]
    ]
