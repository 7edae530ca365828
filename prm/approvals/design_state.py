"""What the designer shows beside the tree: words on nodes, the line of soundness, whether it may be published."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from prm.approvals import soundness
from prm.approvals.calls import host_of
from prm.approvals.document import parse
from prm.approvals.drafts import Standing, fingerprint
from prm.approvals.dryrun import names_of, sentence, warnings
from prm.approvals.faults import Fault
from prm.approvals.models import DryRun
from prm.approvals.shapes import KINDS
from prm.approvals.soundness import Found
from prm.approvals.wording import KINDS as KIND_WORDS
from prm.approvals.wording import Words
from prm.approvals.world import World, world_for
from prm.ui import formats


def words() -> dict[str, Any]:
    """The sentences that the script says by itself."""
    return {
        "kinds": {kind: str(KIND_WORDS[kind]) for kind in KIND_WORDS},
        "unnamed": _("New"),
        "add_here": _("Add a step here"),
        "add_condition": _("Condition"),
        "no_step": _("No step yet"),
        "joins": _("Joins when both have ended"),
        "never_reached": _("Is never reached"),
        "saving": _("Saving…"),
        "checking": _("Being checked…"),
        "not_saved": _("Not saved yet. It is kept on this device."),
        "copied": _("Copied."),
        "moved": _("Moved."),
        "added": _("Added."),
        "deleted": _("Deleted. Undo brings it back."),
        "cannot_move": _("It cannot go there."),
        "cannot_paste": _("Nothing can be pasted here."),
        "default_stays": _("“Otherwise” stays while there are conditions."),
        "dragging": _("Dragging. Let go at a plus; Esc leaves it where it was."),
        "restored": _("What was not saved last time is back."),
        "counted": _("%(steps)s, %(levels)s") % {"steps": "{steps}", "levels": "{levels}"},
        **{
            f"{name}_{key}": form(number).replace("%(n)s", "{n}")
            for name, form in (("steps", _steps), ("levels", _levels))
            for key, number in (("one", 1), ("many", 2))
        },
        "dry_run_failed": _("The dry run did not work. Nothing was changed; try again."),
    }


def kinds() -> list[dict[str, Any]]:
    """What can be added, in the order of the menu."""
    says = {
        "approver": ("user-check", _("Somebody approves, rejects or returns")),
        "branch": ("arrows-split-2", _("Different ways for different cases")),
        "parallel": ("arrows-split", _("Several ways at once, until all have ended")),
        "notice": ("bell", _("Somebody is told; nothing waits")),
        "wait": ("hourglass", _("Goes on after some working hours")),
        "decide": ("bolt", _("Approves or rejects by itself")),
        "update": ("pencil", _("Writes a value into the case")),
        "webhook": ("world", _("Tells another system")),
    }
    return [
        {"kind": kind, "label": KIND_WORDS[kind], "icon": says[kind][0], "text": says[kind][1]}
        for kind in says
        if kind in KINDS
    ]


def state(standing: Standing, data: Any) -> dict[str, Any]:
    """Everything the page shows of `data`, which is what `standing` has or what was just saved as it."""
    world = world_for(standing.subject, data)
    found = soundness.inspect(data, world)
    labels = Words(data, world).labels()
    rehearsal = standing.dry_run()
    if rehearsal is not None:
        _say_shares(labels, data, rehearsal.outcome)
    ready, why = publishable(standing, found, rehearsal)
    return {
        "revision": fingerprint(data),
        "labels": labels,
        "problems": [{"node": one.node, "name": one.name, "text": one.text} for one in found.faults],
        "unreached": sorted(found.unreached),
        "line": line_of(found, _size(data)[0]),
        "count": counted(data),
        "tag": tag_of(standing),
        "saved": saved_words(standing),
        "publish": {"ready": ready, "why": why},
        "dry_run_stale": rehearsal is None,
    }


def _say_shares(labels: dict[str, dict[str, Any]], data: Any, outcome: dict[str, Any]) -> None:
    """“39% of the last 200” on each condition, as the dry run of this very text found it."""
    cases, taken = outcome["cases"], outcome.get("taken", {})
    for own in conditions_of(data) if cases else ():
        if own in labels and not labels[own]["sub"]:
            share = formats.percent(Decimal(taken.get(own, 0)) / cases)
            labels[own]["sub"] = _("%(share)s of the last %(cases)s") % {"share": share, "cases": cases}


def conditions_of(data: Any) -> list[str]:
    """The ids of the branches of condition forks."""
    found, waiting = [], [data]
    while waiting:
        owner = waiting.pop()
        for step in owner.get("steps") or [] if isinstance(owner, dict) else []:
            branches = (
                [one for one in (step.get("branches") or []) if isinstance(one, dict)]
                if isinstance(step, dict)
                else []
            )
            waiting += branches
            if branches and step.get("kind") == "branch":
                found += [str(one.get("id", "")) for one in branches]
    return found


def line_of(found: Found, steps: int) -> str:
    number = len(found.faults)
    if number:
        return ngettext("%(number)s problem", "%(number)s problems", number) % {"number": number}
    return ngettext("Sound: no problem in %(steps)s step", "Sound: no problem in %(steps)s steps", steps) % {
        "steps": steps
    }


def publishable(standing: Standing, found: Found, rehearsal: DryRun | None) -> tuple[bool, str]:
    """Whether the publish button is on, and the reason that stands beside it while it is not."""
    published = standing.published
    if standing.draft is None or (published and fingerprint(published.document) == standing.revision):
        return False, _("Nothing to publish: it says what is in force.") if published else _(
            "Nothing to publish yet."
        )
    if not found.is_sound:
        return False, ngettext(
            "Publish is off until it is solved.", "Publish is off until they are solved.", len(found.faults)
        )
    if rehearsal is None:
        return False, _("Publish is off until a dry run of this text.")
    return True, _("Ready to publish.")


def tag_of(standing: Standing) -> str:
    """Which version the page shows."""
    if standing.draft:
        return _("Draft of version %(number)s") % {"number": standing.draft.number}
    if standing.published:
        return _("Version %(number)s") % {"number": standing.published.number}
    return _("New")


def counted(data: Any) -> str:
    """“11 steps, 3 levels”."""
    steps, levels = _size(data)
    return _("%(steps)s, %(levels)s") % {
        "steps": _steps(steps) % {"n": steps},
        "levels": _levels(levels) % {"n": levels},
    }


def _steps(number: int) -> str:
    return ngettext("%(n)s step", "%(n)s steps", number)


def _levels(number: int) -> str:
    return ngettext("%(n)s level", "%(n)s levels", number)


def _size(data: Any) -> tuple[int, int]:
    """How many steps a flow has, and how many levels."""
    steps = levels = 0
    waiting = [(data.get("steps") or [], 1)] if isinstance(data, dict) else []
    while waiting:
        line, depth = waiting.pop()
        for step in line if isinstance(line, list) else []:
            steps, levels = steps + 1, max(levels, depth)
            for branch in (step.get("branches") or []) if isinstance(step, dict) else []:
                if isinstance(branch, dict):
                    waiting.append((branch.get("steps") or [], depth + 1))
    return steps, levels


def saved_words(standing: Standing) -> str:
    draft = standing.draft
    if draft is None:
        return ""
    who = draft.saved_by or draft.created_by
    at = formats.clock_time(draft.saved_at)
    return (
        _("Saved at %(time)s by %(who)s") % {"time": at, "who": who}
        if who
        else _("Saved at %(time)s") % {"time": at}
    )


def dry_run_words(made: DryRun | None, world: World, document: Any) -> dict[str, Any] | None:
    """The kept outcome of a dry run of `document` as the page says it, in the active language."""
    if made is None:
        return None
    outcome = made.outcome
    speaker = Words({}, world)
    groups = [_group(group, speaker) for group in outcome["groups"]]
    return {
        "title": sentence(outcome) if outcome["cases"] else _("There is no case yet to try it on"),
        "same": _("%(same)s as before") % outcome,
        "made": made,
        "groups": groups,
        "calls": [_call(one) for one in outcome.get("calls", [])],
        "warnings": warnings(outcome, names_of(parse(document))),
        "median": _pace(outcome["before"], outcome["after"]),
        "different": outcome["different"],
        "cases": outcome["cases"],
    }


def _call(call: dict[str, Any]) -> str:
    text = ngettext(
        "%(host)s would have been told of %(count)s case. Nothing was sent.",
        "%(host)s would have been told of %(count)s cases. Nothing was sent.",
        call["count"],
    )
    return text % {"host": host_of(call["url"]), "count": call["count"]}


def _group(group: dict[str, Any], speaker: Words) -> dict[str, Any]:
    added = _(", ").join(speaker.who(who, inner=True) for who in group["added"])
    removed = _(", ").join(speaker.who(who, inner=True) for who in group["removed"])
    sentences = {
        "first": _("are decided by %(added)s") if added else _("are approved and nobody asked"),
        "also": _("wait for %(added)s as well"),
        "less": _("no longer wait for %(removed)s"),
        "other": _("go to %(added)s, not to %(removed)s"),
        "approve": _("are approved automatically, not by a person"),
        "reject": _("are rejected automatically, not by a person"),
        "person": _("are decided by %(added)s, not automatically"),
        "order": _("are asked of the same people in another order"),
        "deadline": _("have another deadline at %(added)s"),
        "rest": _("differ otherwise"),
    }
    sentence = formats.filled(sentences[group["kind"]], {"added": added, "removed": removed})
    return group | {"sentence": sentence, "pace": _pace(group["before"], group["after"])}


def _pace(before: str, after: str) -> str:
    """Working hours before and after; what is under six minutes is said so."""
    if not after:
        return ""
    shown = _("%(hours)s h") % {"hours": _hours(after)}
    if not before:
        return shown
    return _("%(before)s h → %(after)s") % {"before": _hours(before), "after": shown}


def _hours(text: str) -> str:
    return "< 0.1" if Decimal(text) == 0 else formats.number(text, 1)


def problems_at(found: Found, node: str) -> list[Fault]:
    return [one for one in found.faults if one.node == node]


__all__ = [
    "counted", "dry_run_words", "kinds", "line_of", "problems_at", "publishable", "state", "words",
]  # fmt: skip
