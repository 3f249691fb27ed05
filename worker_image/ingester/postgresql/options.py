"""What a request says of the PostgreSQL sink."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...contract.message import known_fields
from ...errors import PermanentError

_CHOICES = {
    "mode": ("append", "replace", "upsert"),
    "constraints": ("inline", "after"),
    "on_bad_row": ("fail", "reject"),
}


@dataclass(frozen=True, slots=True)
class Options:
    """The members of the sink in a payload; old payloads have only its schema.

    `key` is that of an upsert, and each table's primary key if it is empty. `indexes` have the
    members `table`, `columns` and `unique`. At most `reject_limit` rows of a document are rejected.
    """

    schema: str = "public"
    mode: str = "append"
    key: tuple[str, ...] = ()
    constraints: str = "inline"
    indexes: tuple[Mapping[str, Any], ...] = ()
    repeat: bool = False
    on_bad_row: str = "fail"
    reject_limit: int = 100

    @classmethod
    def read(cls, members: Mapping[str, Any]) -> "Options":
        """From JSON members; those that a newer writer added are passed over.

        Raises:
            PermanentError: a member has a value that this sink does not know.
        """
        for name, known in _CHOICES.items():
            if members.get(name, known[0]) not in known:
                said = str(members[name])[:80]
                raise PermanentError(f"sink.{name}: {said!r} is none of {', '.join(known)}")
        lists = {name: tuple(members.get(name) or ()) for name in ("key", "indexes")}
        return known_fields(cls, {**members, **lists})

    @property
    def by_run(self) -> bool:
        """Whether each run loads a document anew."""
        return self.repeat or self.mode == "replace"

    @property
    def bad_rows(self) -> int:
        """How many bad rows of a document are set aside."""
        return self.reject_limit if self.on_bad_row == "reject" else 0
