"""Which cause words tell of: those of Azure by its failure catalogue, those of a verdict by rule.

A report keeps the reason of its run as text, and so do the notes of a run that goes on.
"""

import re

from ..model import Remedy
from ..services.refusals import DAY, UNREACHABLE, is_known, judge
from ..views.diagnosis import Code

_BY_CODE = {
    "AuthorizationFailed": Code.AUTHORIZATION,
    "LinkedAuthorizationFailed": Code.AUTHORIZATION,
    "InaccessibleImage": Code.IMAGE,
    "RegistryErrorResponse": Code.IMAGE,
    "InvalidImageRegistryIdentity": Code.IDENTITY,
    **dict.fromkeys(UNREACHABLE, Code.MANAGEMENT),
}
_CAPACITY = ("InsufficientCapacity", "ServiceUnavailable")

# The first that is found counts: what the target or Azure has said is the cause of a stall.
_REASONS = (
    (r"the target says: ", Code.TARGET),
    (r"exit codes \[64\]", Code.CONFIGURATION),
    (r"failed alike: ", Code.SAME_ERROR),
    (r"units failed and .* tolerated", Code.DEAD_LETTERS),
    (r"the cost cap of .* is reached", Code.COST_CAP),
    (r"the deadline of .* has passed", Code.DEADLINE),
    (r"was ended from outside, or was never started", Code.ABANDONED),
)
_LATER_REASONS = (
    (r"failed to pull image|pulling image", Code.IMAGE),
    (r"AuthorizationPermissionMismatch|AuthenticationFailed", Code.IDENTITY),
    (r"container groups in a row ended", Code.WORKERS_DIE),
    (r"no progress for ", Code.STALLED),
)


def azure_code(words: str) -> str | None:
    """The first code of the failure catalogue that stands in the words."""
    return next((word for word in re.findall(r"\b[A-Z][A-Za-z]+\b", words) if is_known(word)), None)


def refusal_cause(words: str) -> Code | None:
    """Why Azure refuses container groups, by the code in its words; None where there is none."""
    code = azure_code(words)
    if code is None:
        return None
    if code in _BY_CODE:
        return _BY_CODE[code]
    meaning = judge(code, words)
    if meaning.remedy is Remedy.ROOM:
        return Code.QUOTA
    if meaning.remedy is Remedy.REGION and meaning.wait >= DAY:
        return Code.REGION_SHUT
    return Code.NO_CAPACITY if code in _CAPACITY else Code.REFUSED


def cause(reason: str) -> Code:
    """Why a run has failed, by the reason that its report keeps."""
    return (
        _found(_REASONS, reason)
        or refusal_cause(reason)
        or _found(_LATER_REASONS, reason)
        or Code.FAILED
    )


def pull_fails(words: str) -> bool:
    """Whether a container group says that its image cannot be pulled."""
    return refusal_cause(words) is Code.IMAGE or _found(_LATER_REASONS[:1], words) is not None


def _found(reasons: tuple[tuple[str, Code], ...], text: str) -> Code | None:
    found = (code for pattern, code in reasons if re.search(pattern, text, re.IGNORECASE))
    return next(found, None)
