"""What all values of the control plane have in common."""

from datetime import UTC, datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field

NAME = r"^[a-z0-9][a-z0-9_-]{0,62}$"
Name = Annotated[str, Field(pattern=NAME)]
"""The name of a dataset, a job or a schedule that is stored."""


class Value(BaseModel):
    """A frozen value that refuses members it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def brief(self) -> dict[str, Any]:
        """As JSON without what is as by default: for histories, which keep every copy."""
        return self.model_dump(mode="json", exclude_defaults=True)

    @classmethod
    def carried(cls, members: Any) -> Self:
        """From a history or an activity; members that a newer app has added are passed over."""
        return cls.model_validate(members, extra="ignore")


def moment(text: str | None) -> datetime | None:
    """A time as tags and heartbeats have it, in ISO 8601; None where it is none."""
    try:
        time = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
