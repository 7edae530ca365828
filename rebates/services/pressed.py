"""Who pressed, as a job remembers it until it is done."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth import get_user_model

from prm.access.scope import actor_for
from prm.values.actor import Actor


@dataclass(frozen=True)
class Pressed:
    """Who pressed: a person, a command or the product itself."""

    kind: str
    label: str
    user_id: int | None
    request_id: str
    address: str

    @classmethod
    def of(cls, by: Actor) -> Pressed:
        return cls(by.kind, by.label, by.user_id, by.request_id, by.address)

    def actor(self) -> Actor:
        """The same with the rights of now; somebody who is gone may nothing."""
        if self.user_id is None:
            return Actor(kind=self.kind, label=self.label, partner_ids=None)
        user = get_user_model().objects.filter(pk=self.user_id).first()
        return (
            actor_for(user, request_id=self.request_id, address=self.address)
            if user
            else Actor.nobody(label=self.label)
        )
