"""Workers that end as they should not, or say nothing."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta

from worker_image.contract import ExitCode

from ...chronicle import GroupLife
from ...views.diagnosis import Code, Finding, Severity
from .. import facts
from ..advice import finding
from ..evidence import RunEvidence

RECENT = timedelta(minutes=15)
DEATHS = 2  # of workers that held the same unit
NAMED = 3  # of such units
LOSSES = 3  # of workers for whatever reason
SILENCE = timedelta(minutes=1)
BEATS = 10
WELL = (ExitCode.OK, ExitCode.CONFIGURATION)


def misconfigured(evidence: RunEvidence) -> Iterator[Finding]:
    """The group that ended last says that its configuration is wrong."""
    last = next(iter(evidence.ended), None)
    if last is None or last.exit_code != ExitCode.CONFIGURATION:
        return
    yield finding(
        Code.CONFIGURATION,
        Severity.ERROR,
        more=f"exit code {ExitCode.CONFIGURATION:d}",
        why=last_words(evidence, last),
        facts=facts.of_run(evidence, group=last.name),
    )


def killed_by_a_unit(evidence: RunEvidence) -> Iterator[Finding]:
    """Units that several workers held when they died."""
    worst = sorted(deadly_units(evidence).items(), key=lambda item: (-len(item[1]), item[0]))
    for subject, lives in worst[:NAMED]:
        stage, _, unit = subject.partition("/")
        names = ", ".join(life.name for life in lives)
        codes = sorted({life.exit_code for life in lives if life.exit_code is not None})
        yield finding(
            Code.UNIT_KILLS,
            Severity.ERROR,
            more=f"unit {int(unit)} of {stage}, {len(lives)} workers so far",
            why=f"{names} held it last; exit codes {codes}; {last_words(evidence, lives[0])}",
            facts=facts.of_run(evidence, unit=str(int(unit)), group=lives[0].name),
        )


def deadly_units(evidence: RunEvidence) -> dict[str, list[GroupLife]]:
    """Stage and number of units that workers held as they died, each with those workers."""
    held: dict[str, list[GroupLife]] = defaultdict(list)
    for life in _dead(evidence):
        beat = evidence.words_of(life)
        for subject in beat.current if beat else ():
            if subject.partition("/")[2].isdecimal():
                held[subject].append(life)
    return {subject: lives for subject, lives in held.items() if len(lives) >= DEATHS}


def dying(evidence: RunEvidence) -> Iterator[Finding]:
    """Several workers died, and no unit tells why."""
    dead = _dead(evidence)
    if len(dead) < LOSSES or deadly_units(evidence):
        return
    codes = sorted({life.exit_code for life in dead if life.exit_code is not None})
    yield finding(
        Code.WORKERS_DIE,
        Severity.ERROR if evidence.quiet > SILENCE.total_seconds() else Severity.WARNING,
        more=f"{len(dead)} in {RECENT.seconds // 60} minutes, exit codes {codes}",
        why=last_words(evidence, dead[0]),
        facts=facts.of_run(evidence, group=dead[0].name),
    )


def _dead(evidence: RunEvidence) -> list[GroupLife]:
    """Groups whose worker died a short time ago; one of spot may have been taken away."""
    return [
        life
        for life in evidence.ended
        if life.exit_code is not None
        and life.exit_code not in WELL
        and (not life.spot or life.exit_code in tuple(ExitCode))
        and evidence.now - (life.ended or life.gone or life.seen) < RECENT
    ]


def without_a_word(evidence: RunEvidence) -> Iterator[Finding]:
    """Groups that run, and whose workers say nothing, or nothing more."""
    patience = timedelta(seconds=BEATS * evidence.settings.worker_heartbeat_seconds)
    running = [life for life in evidence.groups if life.state == "Running"]
    silent = [
        life
        for life in running
        if (silence := evidence.silence(life)) and silence > max(SILENCE, patience)
    ]
    if not silent:
        return
    spoke = sum(evidence.words_of(life) is not None for life in silent)
    first = silent[0]
    yield finding(
        Code.NO_WORD,
        Severity.ERROR if len(silent) == len(running) else Severity.WARNING,
        more=f"{len(silent)} of {len(running)}",
        why=f"{first.name} runs since {first.started:%H:%M:%S} UTC; {spoke} of them have spoken"
        f" before; {last_words(evidence, first)}",
        facts=facts.of_run(evidence, group=first.name),
    )


def last_words(evidence: RunEvidence, life: GroupLife) -> str:
    """What is known of the end of a group: its output as the platform kept it, or Azure's words."""
    tail = evidence.tails.get(life.name, "").strip()
    lines = " | ".join(tail.splitlines()[-3:])[-500:]
    return f"{life.name}: {lines or life.detail or 'no last words'}"
