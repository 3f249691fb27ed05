"""Numbers as a row of bars."""

from collections import Counter
from collections.abc import Sequence

_BARS = "▁▂▃▄▅▆▇█"


def histogram(numbers: Sequence[float], bins: int) -> str:
    """How many of the numbers, at least one, are in each of `bins` equal parts of their range.

    The fullest part has the highest bar, an empty one a line at the bottom.
    """
    low, high = min(numbers), max(numbers)
    if low == high:
        return _BARS[-1]
    width = high - low
    counts = Counter(min(int((number - low) / width * bins), bins - 1) for number in numbers)
    most = max(counts.values())
    return "".join(_bar(counts[place], most) for place in range(bins))


def _bar(count: int, most: int) -> str:
    return _BARS[-(-count * len(_BARS) // most) - 1] if count else "_"
