"""What Azure refuses, and what of it does not answer."""

import re
from collections.abc import Iterable, Iterator

from ...status import NO_ROOM, QUOTAS
from ...views.diagnosis import Code, Finding, Severity
from .. import facts
from ..advice import Facts, finding
from ..causes import pull_fails, refusal_cause
from ..evidence import RunEvidence, Trouble

BLIND_SECONDS = 180.0  # without a look
_PRINCIPAL = re.compile(r"object id '([0-9a-f-]{36})'", re.IGNORECASE)
_BY_SERVICE = {
    "storage": Code.STORAGE,
    "management": Code.MANAGEMENT,
    "runtime": Code.RUNTIME,
}


def troubles(evidence: RunEvidence) -> Iterator[Finding]:
    """Services that did not answer while the evidence was collected."""
    return of_troubles(evidence.troubles, facts.of_run(evidence))


def of_troubles(met: Iterable[Trouble], known: Facts) -> Iterator[Finding]:
    """A finding for each service that could not be looked at."""
    for service, words in {trouble.service: trouble.words for trouble in met}.items():
        code = _BY_SERVICE[service]
        if service == "management":
            code = refusal_cause(words) or code
        given = {**known, "principal": principal(words)}
        yield finding(code, Severity.ERROR, why=words, facts=given)


def refused(evidence: RunEvidence) -> Iterator[Finding]:
    """What Azure does not give to a run that needs it, by cause: container groups, or a look."""
    waits = evidence.status.waits
    short = NO_ROOM in waits or QUOTAS in waits
    idle = evidence.working and evidence.left and not evidence.groups
    blind = evidence.unseen > BLIND_SECONDS
    if not (short or idle or blind):
        return
    count = len(evidence.groups)
    for code, words in _causes(evidence).items():
        yield finding(
            code,
            Severity.WARNING if count and not blind else Severity.ERROR,
            more=f"container groups at work: {count}",
            why="; ".join(filter(None, (words, waits))),
            facts=facts.of_run(evidence, principal=principal(words)),
        )


def _causes(evidence: RunEvidence) -> dict[Code, str]:
    """The latest words for each cause; what the run waits for stands in where nobody has said."""
    said = [*evidence.status.notes, *_refusals(evidence)]
    causes = {code: words for words in said if (code := refusal_cause(words))}
    if not causes and QUOTAS in evidence.status.waits:
        return {Code.QUOTA: ""}
    if not causes and NO_ROOM in evidence.status.waits:
        return {Code.NO_CAPACITY: ""}
    return causes


def _refusals(evidence: RunEvidence) -> Iterator[str]:
    """What was said of groups whose creation was accepted and came to nothing, the latest last."""
    for life in reversed(evidence.ended):
        if life.refusal:
            yield f"{life.name}: {life.refusal}: {life.detail}"


def vain_pulls(evidence: RunEvidence) -> Iterator[Finding]:
    """Groups that try to pull their image, before Azure gives them up."""
    for life in evidence.groups:
        if life.state == "Pending" and pull_fails(life.detail):
            yield finding(
                Code.IMAGE,
                Severity.ERROR,
                more=f"{life.name} tries in vain",
                why=life.detail,
                facts=facts.of_run(evidence, group=life.name),
            )
            return


def principal(words: str) -> str | None:
    """The object id that Azure names where it misses a role."""
    found = _PRINCIPAL.search(words)
    return found[1] if found else None
