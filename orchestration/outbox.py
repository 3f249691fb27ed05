"""What the app's webhook is still to be told: a blob for each notice, until it is taken.

It is kept before it is sent, and sent again until it is taken, for a day: at least once, under the
same name each time. What was taken or given up lies with the run and is not kept again.
"""

import logging
from datetime import datetime, timedelta
from functools import partial
from typing import Literal

from azure.core.exceptions import ResourceNotFoundError

from worker_image.contract import about, naming

from .model import Value, moment
from .services import Services, Webhook
from .services.threads import side_by_side
from .services.webhook import Answer
from .views.notifications import Notification

log = logging.getLogger(__name__)

OUTBOX = "outbox/"
LIFE = timedelta(days=1)
SHORTEST, LONGEST = timedelta(seconds=5), timedelta(hours=2)
AT_ONCE = 3.0  # seconds that a run waits for a receiver
PATIENCE = 15.0  # seconds that nobody waits for
BATCH = 64


class Notice(Value):
    """What is told, in the very bytes that are signed, and how that has gone so far."""

    name: str
    run: str
    body: str
    since: datetime
    tries: int = 0
    said: str = ""
    state: Literal["waits", "taken", "given up"] = "waits"

    def tried(self, answer: Answer, now: datetime) -> "Notice":
        """The notice after a try: taken, to be tried again, or given up."""
        failed = "given up" if now - self.since >= LIFE else "waits"
        state = "taken" if answer.taken else failed
        news = {"tries": self.tries + 1, "said": answer.words, "state": state}
        return self.model_copy(update=news)

    def due(self, answer: Answer, now: datetime) -> datetime:
        """When to try again: the older it is the later, and not before the receiver wants."""
        wait = min(max(now - self.since, SHORTEST), LONGEST)
        return now + max(wait, timedelta(seconds=answer.wait))


def put(services: Services, news: Notification, number: int, now: datetime) -> str | None:
    """Keep what is to be told in a round of a run; its name, None if there is nothing to send.

    Once: the same again finds the first, or what became of it.
    """
    if services.webhook is None:
        return None
    run = news.data.run
    name = f"{run}-{news.data.event}-{number}"
    if services.records.read(naming.told(run, name)) is not None:
        return None
    notice = Notice(name=name, run=run, body=news.model_dump_json(), since=now)
    services.records.create(_path(name), notice.model_dump_json(), _due(now + SHORTEST))
    return name


def send(services: Services, name: str | None, now: datetime) -> None:
    """Try at once to tell what was put; in vain, and `send_due` tries again."""
    if services.webhook and name:
        _log(_try(services, services.webhook, now, AT_ONCE, name))


def send_due(services: Services, now: datetime) -> None:
    """Try to tell what has waited long enough, the longest first, a bounded number."""
    if services.webhook is None:
        return
    attempt = partial(_try, services, services.webhook, now, PATIENCE)
    # Logged here: the host drops the lines of threads that it does not know.
    for notice in side_by_side(attempt, _waiting(services, now)[:BATCH]):
        _log(notice)


def _waiting(services: Services, now: datetime) -> list[str]:
    """The names of what is due, in the order of their times."""
    try:
        blobs = list(services.records.listing(naming.RUNS, OUTBOX))
    except ResourceNotFoundError:
        return []
    times = sorted((moment(blob.metadata.get("due")) or now, blob.name) for blob in blobs)
    return [path.removeprefix(OUTBOX).removesuffix(".json") for at, path in times if at <= now]


def _try(
    services: Services, webhook: Webhook, now: datetime, seconds: float, name: str
) -> Notice | None:
    """One try; the notice after it, None if somebody else was faster."""
    notice = services.records.read_as(Notice, _path(name))
    if notice is None:
        return None
    answer = webhook.send(name, notice.body.encode(), now, seconds)
    after = notice.tried(answer, now)
    if after.state == "waits":
        services.records.write(_path(name), after.model_dump_json(), _due(notice.due(answer, now)))
    else:
        services.records.write(naming.told(notice.run, name), after.model_dump_json())
        services.records.delete(_path(name))
    return after


def _log(notice: Notice | None) -> None:
    if notice is None:
        return
    level = {"waits": logging.WARNING, "taken": logging.INFO, "given up": logging.ERROR}
    with about(run=notice.run):
        words = (notice.name, notice.state, notice.said, notice.tries)
        log.log(level[notice.state], "notification %s: %s, %s at try %d", *words)


def _path(name: str) -> str:
    return f"{OUTBOX}{name}.json"


def _due(at: datetime) -> dict[str, str]:
    return {"due": at.isoformat()}
