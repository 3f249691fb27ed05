"""The log of the control plane: JSON lines with the members of a worker's, which one query joins.

The Functions host gives what a line says to Application Insights as the `message` of a trace, and
its level beside it. It adds a handler of its own to the root logger; a line is made before it
comes there, so that any host shows the same.
"""

import logging

from pydantic import SecretStr

from worker_image.contract import JsonLines, Redaction, telemetry

from .settings import Settings

OURS = "orchestration"
TEXT_LIMIT = 8_000  # characters of a message, of an error: the host takes 32,768 in all


class Lines(logging.Handler):
    """Turns each record into its line, for the handlers of whoever hosts the app."""

    def emit(self, record: logging.LogRecord) -> None:
        """Put the line, its traceback in it, in the place of the message."""
        record.msg, record.args = self.format(record), None
        record.exc_info = record.exc_text = None


def redaction(settings: Settings) -> Redaction:
    """What keeps every secret of the settings out of what is said."""
    secrets = [value.get_secret_value() for _, value in settings if isinstance(value, SecretStr)]
    headers = settings.otlp_headers.get_secret_value()
    return Redaction((*secrets, *telemetry.header_secrets(headers)))


def configure(settings: Settings) -> None:
    """Make a line of whatever the control plane logs, without any secret of the settings.

    Idempotent; the settings of the last call count.
    """
    lines = Lines()
    lines.setFormatter(JsonLines({}, redaction(settings), TEXT_LIMIT))
    logging.getLogger(OURS).handlers = [lines]
