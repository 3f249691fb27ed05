"""Which ends and dead letters the faults of an episode justify."""

import re
from collections.abc import Iterator, Mapping, Set

from .courses import Course

MANY_ATTEMPTS = 20
STOPPED = ("Failed", "Cancelled")

# How a run may end before its work is done, and why, by the fault that makes it.
ENDS: Mapping[str, str] = {
    "bad_image": "Failed: .*InaccessibleImage",
    "no_image": "Failed: .*InaccessibleImage",
    "forbid": "Failed: .*AuthorizationFailed",
    "cancel": "Cancelled: ",
}

_NETWORK = r"ServiceRe(quest|sponse)\w*Error|HttpResponseError|IncompleteReadError"

# A group whose worker says nothing: it has ended and its group does not say so, or never began.
UNHEARD = {"stale_state", "stuck_pending", "bad_image", "no_image", "failed_operation"}
SILENT = "no word from its worker"

# What the last error of a unit may be when its attempts have run out.
LETTERS: Mapping[str, str] = {
    "delay": _NETWORK,
    # The answer may be lost that hands out messages: they come again, and nobody has tried them.
    **dict.fromkeys(("cut", "reset", "half-open", "deaf", "stop"), f"WorkerDied|{_NETWORK}"),
    **dict.fromkeys(("kill", "pause"), f"WorkerDied|UnitTimeout|MakerError|{_NETWORK}"),
    **dict.fromkeys(("crash", "evict"), "WorkerDied"),
    "black hole": f"UnitTimeout|WorkerDied|{_NETWORK}",
    "kill machine": "WorkerDied",
    "kill maker": "MakerError|StartError",
    "fill disk": "OSError|MakerError|ProgramFailed|StartError|FileNotFoundError",
}


def unexplained(course: Course, faults: Set[str]) -> Iterator[str]:
    """Ends and dead letters that none of the faults has brought about."""
    allowed = [pattern for fault, pattern in ENDS.items() if fault in faults]
    for end in (f"{state}: {reason}" for state, reason in course.ends if state in STOPPED):
        if not any(re.match(pattern, end, re.DOTALL) for pattern in allowed):
            yield f"no fault ends a run so: {end}"
    if course.work.job.attempts >= MANY_ATTEMPTS and course.letters:
        yield f"dead letters in spite of {MANY_ATTEMPTS} attempts: {course.letters[:1]}"
    yield from _silent(course, faults)
    causes = "|".join(pattern for fault, pattern in LETTERS.items() if fault in faults)
    for letter in course.letters:
        if not causes or not re.search(causes, f"{letter['type']}: {letter['error']}"):
            yield f"a dead letter that no fault explains: {letter}"


def _silent(course: Course, faults: Set[str]) -> Iterator[str]:
    """No fault lasts as long as the patience with a worker; a group that never ran is no worker."""
    silent = [note for note in course.notes if SILENT in note]
    if silent and not faults & UNHEARD:
        yield f"a worker was given up as silent, and nothing had silenced it: {silent}"
