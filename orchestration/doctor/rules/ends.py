"""Why a run has failed, with the next step that fits the cause."""

from collections.abc import Iterator

from ...model import Phase
from ...views.diagnosis import Code, Finding, Severity
from .. import facts
from ..advice import ADVICE, finding
from ..causes import cause
from ..evidence import RunEvidence
from . import workers
from .azure import principal


def failed(evidence: RunEvidence) -> Iterator[Finding]:
    """The reason of the end of a run that failed."""
    report = evidence.report
    if report is None or report.state is not Phase.FAILED:
        return
    code, unit = cause(report.reason), None
    if code is Code.WORKERS_DIE and (deadly := workers.deadly_units(evidence)):
        code, unit = Code.UNIT_KILLS, min(deadly).partition("/")[2]
    last = next((life for life in evidence.ended if life.exit_code), None)
    letter = next(iter(evidence.letters), None)
    group = next(iter(report.failures), None)
    if unit is None and letter and letter.unit is not None:
        unit = str(letter.unit)
    yield finding(
        code,
        Severity.ERROR,
        what=f"the run has failed: {ADVICE[code].means}" if code is not Code.FAILED else "",
        why="; ".join([report.reason, *([workers.last_words(evidence, last)] if last else [])]),
        facts=facts.of_run(
            evidence,
            unit=unit and str(int(unit)),
            group=last.name if last else None,
            fingerprint=group.fingerprint if group else None,
            principal=principal(report.reason),
        ),
    )
