"""Who acts: a person, a token, or one of Slipway's own jobs."""

from dataclasses import dataclass
from uuid import UUID

from controlplane.core.models import ApiToken, User


@dataclass(frozen=True)
class Actor:
    """Whoever asks for something; every service takes one first. `user` is None for Slipway itself and for CI."""

    kind: str
    name: str
    user: User | None = None
    source: str = ""

    @property
    def id(self) -> UUID | None:
        return self.user.pk if self.user else None

    @classmethod
    def person(cls, user: User, source: str = "") -> "Actor":
        return cls("user", user.get_username(), user, source)

    @classmethod
    def token(cls, token: ApiToken, source: str = "") -> "Actor":
        return cls("token", token.user.get_username(), token.user, source)

    @classmethod
    def webhook(cls, name: str, source: str = "") -> "Actor":
        return cls("webhook", name, None, source)

    @classmethod
    def slipway(cls, job: str) -> "Actor":
        """Slipway's own doing, named after the part that did it (controller, runner, scheduler)."""
        return cls("slipway", job, None, job)
