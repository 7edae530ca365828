"""Who acts: a person, a job, a command, or an operator acting for a person."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Actor:
    """Everything that rules may ask about the one who acts; plain values only.

    kind: "user", "operator" (acting for a user), "job", "command" or "nobody" (not signed in).
    partner_ids: the partners this actor may see; None means all of them.
    partner_id: the actor's own company, for partner users.
    """

    kind: str
    label: str = ""
    user_id: int | None = None
    role: str = ""
    permissions: frozenset[str] = frozenset()
    partner_ids: frozenset[int] | None = frozenset()
    partner_id: int | None = None
    tenant: str = ""
    request_id: str = ""
    address: str = ""
    read_only: bool = False
    acting_operator: str = ""

    @classmethod
    def job(cls, name: str) -> Actor:
        """The product's own background work: sees all, may all, is named in the audit."""
        return cls(kind="job", label=name, partner_ids=None)

    @classmethod
    def command(cls, name: str) -> Actor:
        """Somebody at the server's terminal."""
        return cls(kind="command", label=name, partner_ids=None)

    @classmethod
    def nobody(cls, **known: object) -> Actor:
        """A visitor who has not signed in: sees nothing, may nothing."""
        return cls(kind="nobody", **known)  # type: ignore[arg-type]

    @property
    def is_system(self) -> bool:
        return self.kind in ("job", "command")

    @property
    def is_partner(self) -> bool:
        return self.role.startswith("partner_")

    @property
    def is_staff(self) -> bool:
        return bool(self.role) and not self.is_partner

    def with_(self, **changes: object) -> Actor:
        return replace(self, **changes)  # type: ignore[arg-type]
