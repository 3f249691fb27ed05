"""What all values of the control plane have in common."""

from typing import Any

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """A frozen value that refuses members it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def brief(self) -> dict[str, Any]:
        """As JSON without what is as by default: for histories, which keep every copy."""
        return self.model_dump(mode="json", exclude_defaults=True)
