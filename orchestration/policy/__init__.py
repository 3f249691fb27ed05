"""What a run does next: pure functions of its state, what was seen, and the time.

A turn is `learn` (fold the observation into the state), `decide` (the actions to take), and
`settle` (fold each action's outcome in). Every decision may be carried out twice, or be lost:
the same one is then decided again, so nothing here counts on an action having happened until
an observation or an outcome says so.
"""

from .deciding import decide, look, next_look
from .judging import likely_cause
from .learning import learn
from .money import spent, spent_after
from .placing import full_until
from .settling import helpless, settle, stumble

__all__ = [
    "decide",
    "full_until",
    "helpless",
    "learn",
    "likely_cause",
    "look",
    "next_look",
    "settle",
    "spent",
    "spent_after",
    "stumble",
]
