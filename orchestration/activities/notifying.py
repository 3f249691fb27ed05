"""Telling the app's webhook of a run that goes on."""

from datetime import datetime

from .. import outbox
from ..model import Notify, Outcome
from ..services import Services
from ..views import notifications
from .seeding import load


def notify(services: Services, decision: Notify, now: datetime) -> Outcome:
    """Keep what is to be told, and try once to tell it; who does not listen is no error."""
    assert decision.state.plan
    record = load(services, decision.state.run)
    news = notifications.of_event(decision, record, services.settings.public_url)
    notice = outbox.put(services, news, decision.state.plan.round, now)
    outbox.send(services, notice, now)
    return Outcome(count=1)
