"""What comes next in a run: a pure function of the flow document and of the facts recorded so far.

    state = replay(document, facts)
    moves = next_moves(document, state)

No clock, no table, no condition is asked here: the engine asks, records the answer as a fact, and replays. So the same
document and the same facts always give the same state, and a worker that was killed anywhere goes on from the facts
that were committed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from prm.approvals.document import Document, Step

# The step at which people decide when a run's end would be nobody's decision; no document can use this id.
END = "~end"


class Fact(Protocol):
    kind: str
    step: str
    passage: int
    user_id: int | None
    says: Any


@dataclass
class Member:
    """Somebody who is to decide at a step. `extra`: added by a colleague, so needed beside what the mode asks."""

    user_id: int
    instead_of: int | None = None
    extra: bool = False
    approved: bool = False
    before: int | None = None  # whose turn it was, whose promise goes on


@dataclass
class At:
    """Where one step stands. `asked`: people decide there, by its kind or because the machine was refused."""

    passage: int = 0
    asked: bool = False
    members: list[Member] = field(default_factory=list)
    mode: str = "one"
    quorum: int = 1
    passed: bool = False
    branch: str = ""
    until: str = ""
    refused: bool = False
    escalated: bool = False
    nobody: bool = False

    def member(self, user_id: int | None) -> Member | None:
        return next((one for one in self.members if one.user_id == user_id), None)

    @property
    def is_satisfied(self) -> bool:
        """Whether the step's people have approved as its mode asks, and all whom a colleague added."""
        if self.passed:
            return True
        if not self.members or any(one.extra and not one.approved for one in self.members):
            return False
        own = [one for one in self.members if not one.extra]
        count = sum(one.approved for one in own)
        return count >= self.needed(len(own)) if own else True

    def needed(self, of: int) -> int:
        if self.mode in ("all", "in_turn"):
            return of
        return max(1, min(self.quorum, of)) if self.mode == "quorum" else 1

    @property
    def turns(self) -> list[Member]:
        """Whose turn it is now."""
        if self.is_satisfied:
            return []
        own = [one for one in self.members if not one.extra]
        if sum(one.approved for one in own) >= self.needed(len(own)):
            own = []
        waiting = [one for one in own if not one.approved]
        if self.mode == "in_turn":
            waiting = waiting[:1]
        return waiting + [one for one in self.members if one.extra and not one.approved]


@dataclass
class State:
    """Where a run stands. `outcome` is empty while it is open."""

    steps: dict[str, At] = field(default_factory=dict)
    passages: dict[str, int] = field(default_factory=dict)
    # Whom colleagues had added at a step that went back to the submitter: asked again when it opens again.
    added: dict[str, list[int]] = field(default_factory=dict)
    waits_for_submitter: bool = False
    outcome: str = ""
    # What was decided and is not yet carried out; `decided_at` is the machine's step, empty when a person did.
    decided: str = ""
    decided_at: str = ""

    def at(self, step_id: str) -> At:
        return self.steps.setdefault(step_id, At())

    @property
    def turns(self) -> list[tuple[str, At, Member]]:
        """Every (step, where it stands, member) whose turn it is."""
        if self.outcome or self.waits_for_submitter:
            return []
        return [(key, at, member) for key, at in self.steps.items() if at.asked for member in at.turns]

    def signs_elsewhere(self, step_id: str) -> set[int]:
        """Who approved, or is asked, at another step: a second signature is worth what somebody else gives."""
        return {
            member.user_id
            for key, at in self.steps.items()
            if key != step_id
            for member in at.members
            if member.approved or not at.is_satisfied
        }

    def signed_elsewhere(self, step_id: str) -> set[int]:
        """Who approved at another step, on the way that still counts."""
        others = [at for key, at in self.steps.items() if key != step_id]
        return {member.user_id for at in others for member in at.members if member.approved}

    @property
    def has_approval(self) -> bool:
        """Whether a person approved on the way that still counts."""
        return any(member.approved for at in self.steps.values() for member in at.members)


@dataclass(frozen=True)
class Move:
    """One thing that the engine has to do: open, branch, notice, wait, decide, update, or end."""

    kind: str
    step: Step | None = None
    outcome: str = ""


def replay(document: Document, facts: Iterable[Fact]) -> State:
    """The state after `facts`. Facts about steps that the document does not have (any more) change nothing."""
    state = State()
    for fact in facts:
        if fact.step in document.places or fact.step in ("", END):
            _apply(document, state, fact)
    for key in state.steps:
        # Whoever moved the run to another version may have taken its chosen branch away.
        if key in document.places and state.steps[key].branch:
            names = [branch.id for branch in document.step(key).branches]
            if state.steps[key].branch not in names:
                state.steps[key].branch = ""
    return state


def _apply(document: Document, state: State, fact: Fact) -> None:
    apply = _FACTS.get(fact.kind)
    if apply is not None:
        apply(document, state, fact)


def _opened(document: Document, state: State, fact: Fact) -> None:
    was = state.steps.get(fact.step)
    state.passages[fact.step] = fact.passage
    at = At(passage=fact.passage, asked=True, mode=fact.says["mode"], quorum=fact.says.get("quorum") or 1)
    at.members = [Member(user, instead) for user, instead in fact.says["people"]]
    at.members += [Member(user, extra=True) for user in fact.says.get("extra", ())]
    state.added.pop(fact.step, None)
    at.nobody, at.refused = not at.members, bool(was and was.refused)
    state.steps[fact.step] = at


def _approved(document: Document, state: State, fact: Fact) -> None:
    member = state.at(fact.step).member(fact.user_id)
    if member is not None and state.at(fact.step).passage == fact.passage:
        member.approved = True


def _rejected(document: Document, state: State, fact: Fact) -> None:
    state.decided, state.decided_at = "reject", ""


def _returned(document: Document, state: State, fact: Fact) -> None:
    target = fact.says.get("to", "")
    if target and target in document.places:
        for key in [*document.from_on(target), END]:
            state.steps.pop(key, None)
        return
    state.waits_for_submitter = True
    for key in [key for key, at in state.steps.items() if at.asked and not at.is_satisfied]:
        extra = [one.user_id for one in state.steps.pop(key).members if one.extra]
        if extra:
            state.added[key] = extra


def _resumed(document: Document, state: State, fact: Fact) -> None:
    state.waits_for_submitter = False
    if fact.says.get("changed"):
        state.steps.clear()
        state.added.clear()


def _handed(document: Document, state: State, fact: Fact) -> None:
    member = state.at(fact.step).member(fact.says["from"])
    if member is not None and not member.approved:
        back = fact.says.get("because") == "back"  # to whom it was before: nobody is stood in for any more
        member.user_id, member.before = fact.says["to"], fact.says["from"]
        member.instead_of = None if back else member.before


def _added(document: Document, state: State, fact: Fact) -> None:
    at = state.at(fact.step)
    at.members.append(Member(fact.says["user"], extra=True))


def _left(document: Document, state: State, fact: Fact) -> None:
    """Somebody may not decide any more; `people` are those who decide in their place, perhaps nobody."""
    at = state.at(fact.step)
    gone = at.member(fact.says["user"])
    if gone is None or gone.approved:
        return
    present = {one.user_id for one in at.members}
    place = at.members.index(gone)
    new = [Member(user, instead, gone.extra) for user, instead in fact.says["people"] if user not in present]
    at.members[place : place + 1] = new
    at.nobody = not at.members


def _escalated(document: Document, state: State, fact: Fact) -> None:
    at = state.at(fact.step)
    at.members = [Member(user, instead) for user, instead in fact.says["people"]]
    at.mode, at.escalated, at.nobody = "one", True, not at.members


def _passed(document: Document, state: State, fact: Fact) -> None:
    state.at(fact.step).passed = True


def _branched(document: Document, state: State, fact: Fact) -> None:
    state.at(fact.step).branch = fact.says["branch"]


def _waiting(document: Document, state: State, fact: Fact) -> None:
    state.at(fact.step).until = fact.says["until"]


def _decided(document: Document, state: State, fact: Fact) -> None:
    state.decided, state.decided_at = fact.says["outcome"], fact.step


def _refused(document: Document, state: State, fact: Fact) -> None:
    """What the machine was to do was refused: people decide at that step instead."""
    state.decided = state.decided_at = ""
    state.steps[fact.step] = At(refused=True)


def _ended(document: Document, state: State, fact: Fact) -> None:
    state.outcome = fact.says["outcome"]


_FACTS = {
    "opened": _opened, "approved": _approved, "rejected": _rejected, "returned": _returned, "resumed": _resumed,
    "handed": _handed, "added": _added, "left": _left, "escalated": _escalated, "passed": _passed,
    "branched": _branched, "waiting": _waiting, "decided": _decided, "refused": _refused, "ended": _ended,
}  # fmt: skip


def next_moves(document: Document, state: State) -> list[Move]:
    """What the engine does now, in order; [] while the run waits for people, for the clock or is over."""
    if state.outcome or state.waits_for_submitter:
        return []
    if state.decided:
        return [Move("end", outcome=state.decided)]
    moves: list[Move] = []
    if not _go_through(document.steps, state, moves):
        return moves
    end = state.steps.get(END)
    if end is not None and end.refused and not end.asked:
        return [Move("open")]
    if end is not None and end.asked and not end.is_satisfied:
        return []
    return [Move("end", outcome="approve")]


def _go_through(steps: Sequence[Step], state: State, moves: list[Move]) -> bool:
    """Whether the sequence is done; adds what has to be done at the steps that were reached."""
    return all(_is_done(step, state, moves) for step in steps)


def _is_done(step: Step, state: State, moves: list[Move]) -> bool:
    at = state.at(step.id)
    if at.passed:
        return True
    if at.refused and not at.asked:
        moves.append(Move("open", step))
        return False
    if at.refused and not at.is_satisfied:
        return False
    if step.kind == "approver":
        return _is_approved(step, at, moves)
    if step.kind == "parallel":
        # Every branch goes on, so each is asked even when an earlier one still waits.
        done = [_go_through(branch.steps, state, moves) for branch in step.branches]
        return all(done)
    if step.kind == "branch":
        return _is_branch_done(step, at, state, moves)
    if at.refused:  # people let it pass in the machine's place
        return True
    if step.kind != "wait" or not at.until:
        moves.append(Move(step.kind, step))
    return False


def _is_approved(step: Step, at: At, moves: list[Move]) -> bool:
    if not at.asked:
        moves.append(Move("open", step))
        return False
    return at.is_satisfied


def _is_branch_done(step: Step, at: At, state: State, moves: list[Move]) -> bool:
    chosen = next((branch for branch in step.branches if branch.id == at.branch), None)
    if chosen is None:
        moves.append(Move("branch", step))
        return False
    return _go_through(chosen.steps, state, moves)


def steps_to_return_to(document: Document, state: State, step_id: str) -> list[Step]:
    """The approver steps that were passed before `step_id` and to which a run may go back from there."""
    if step_id == END:
        return [p.step for p in document.walk() if p.step.kind == "approver" and state.at(p.step.id).asked]
    return [
        place.step
        for place in document.walk()
        if place.step.kind == "approver"
        and place.step.id != step_id
        and state.at(place.step.id).is_satisfied
        and state.at(place.step.id).asked
        and step_id in document.from_on(place.step.id)
    ]
