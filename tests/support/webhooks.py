"""Receivers of notifications, who verify them as the documentation says."""

import re
from pathlib import Path
from typing import Any

from support.endpoint import Asked

PAGE = Path(__file__).parents[2] / "docs" / "notifications.md"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def blocks(language: str) -> list[str]:
    """The blocks of code in the page, in their order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


def received(asked: Asked) -> tuple[str, dict[str, Any]]:
    """The id and the payload of a request.

    Raises:
        ValueError: its signature does not fit, or it is old.
    """
    names: dict[str, Any] = {}
    (source,) = blocks("python")
    exec(source, names)  # noqa: S102 - it is ours
    return asked.headers["webhook-id"], names["verified"](asked.headers, asked.body, SECRET)
