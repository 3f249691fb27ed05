"""What OpenTelemetry says of itself: that telemetry is lost, once."""

import logging

SOURCES = ("opentelemetry", "azure.monitor.opentelemetry")


class Once(logging.Handler):
    """Tells a log of the first trouble; an endpoint that is away would fill it, batch by batch."""

    def __init__(self, log: logging.Logger) -> None:
        super().__init__(logging.WARNING)
        self._log = log
        self._said = False

    def emit(self, record: logging.LogRecord) -> None:
        """Say it, without the traceback, unless something was said before."""
        if not self._said:
            self._said = True
            reason = record.getMessage()
            self._log.warning("telemetry is not taken, which is said once: %s", reason)


def say_once(log: logging.Logger) -> None:
    """From now on, nothing else of what OpenTelemetry says is heard."""
    once = Once(log)
    for name in SOURCES:
        source = logging.getLogger(name)
        source.handlers = [once]
        source.propagate = False
        source.setLevel(logging.WARNING)
