"""The access keys of one host, made at its first start and kept in its state folder."""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Keys:
    """`function` opens functions, `system` the durable webhooks, `master` everything."""

    function: str
    system: str
    master: str

    def guard(self, level: str, handler: Handler) -> Handler:
        """Return the handler behind 401; level is anonymous, function, system or admin."""

        async def handle(request: web.Request) -> web.StreamResponse:
            given = request.headers.get("x-functions-key") or request.query.get("code") or ""
            if self._open(level, given):
                return await handler(request)
            return web.Response(status=401)

        return handle

    def _open(self, level: str, given: str) -> bool:
        own = {"function": self.function, "system": self.system}.get(level, self.master)
        keys = (own.encode(), self.master.encode())
        return level == "anonymous" or any(hmac.compare_digest(given.encode(), key) for key in keys)


def load_keys(path: Path) -> Keys:
    """Return the keys of the file, which is made with mode 0600 when it is not there."""
    if not path.exists():
        keys = Keys(*(secrets.token_urlsafe(32) for _ in range(3)))
        # A kill in the middle must not leave half a file behind.
        draft = path.with_suffix(".new")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(asdict(keys)), "utf-8")
        draft.replace(path)
    return Keys(**json.loads(path.read_text("utf-8")))
