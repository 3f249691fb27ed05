"""What the values of a field are like, in a line."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from command_line.histogram import histogram
from worker_image.tables import Column, ColumnType

_FEW = 20
_SHOWN = 6
_VALUE, _EXAMPLE = 30, 100
_BARS = 12
_DAYS = 3 * 86_400


@dataclass(frozen=True, slots=True)
class Profile:
    """The values of one field in a sample of rows; shares are of 1."""

    nulls: float
    distinct: int
    summary: str


def profile(column: Column, kind: str, values: Sequence[Any]) -> Profile:
    """Look at the values of a field of a kind, at least one, as JSON has them."""
    present = [value for value in values if value is not None]
    texts = [as_text(value) for value in present]
    counts = Counter(texts)
    return Profile(
        nulls=1 - len(present) / len(values),
        distinct=len(counts),
        summary=_summary(column.type, kind, present, counts) if present else "",
    )


def as_text(value: Any) -> str:
    """A value as a cell shows it."""
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=float, separators=(", ", ": "))
    return json.dumps(value) if value is None or isinstance(value, bool) else str(value)


def _summary(of: ColumnType, kind: str, present: list[Any], counts: Counter[str]) -> str:
    repeated = len(counts) <= _FEW and 2 * len(counts) <= len(present)
    if repeated and (of in (ColumnType.TEXT, ColumnType.BOOLEAN) or kind in ("choice", "constant")):
        return _top(counts, len(present))
    if kind in ("key", "ref"):
        return f"{min(present)} to {max(present)}"
    if of in _SCALES:
        return _spread(of, present)
    return f"such as {_cut(as_text(present[0]), _EXAMPLE)}"


def _top(counts: Counter[str], total: int) -> str:
    shown = [
        f"{_cut(value, _VALUE) or '(empty)'} {percent(n / total)}"
        for value, n in counts.most_common(_SHOWN)
    ]
    more = len(counts) - len(shown)
    return ", ".join([*shown, f"{more} more"] if more else shown)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _spread(of: ColumnType, present: list[Any]) -> str:
    """The least, the median and the most, and how the others are spread between them."""
    scale = _SCALES[of]
    pairs = sorted(((scale(value), str(value)) for value in present), key=lambda pair: pair[0])
    low, middle, high = pairs[0], pairs[(len(pairs) - 1) // 2], pairs[-1]
    shown = [_shown(of, text, high[0] - low[0]) for _, text in (low, middle, high)]
    return f"{' · '.join(shown)}  {histogram([number for number, _ in pairs], _bins(of, pairs))}"


def _bins(of: ColumnType, pairs: Sequence[tuple[float, str]]) -> int:
    """A bar for each value where there are only a few whole ones."""
    if of not in (ColumnType.INTEGER, ColumnType.DATE):
        return _BARS
    return int(min(_BARS, pairs[-1][0] - pairs[0][0] + 1))


def _shown(of: ColumnType, text: str, width: float) -> str:
    match of:
        case ColumnType.TIMESTAMP:
            return text[:10] if width > _DAYS else text
        case ColumnType.DURATION:
            return duration(int(_seconds(text)))
    return text


def duration(seconds: int) -> str:
    """A length of time as it is written in a dataset: `1d 2h 5m`."""
    sign, left = ("-", -seconds) if seconds < 0 else ("", seconds)
    parts = []
    for unit, size in (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
    return sign + (" ".join(parts) or "0s")


def percent(share: float) -> str:
    """A share of 1; a small one does not look like none, nor a large one like all."""
    if 0 < share < 0.01:
        return "<1 %"
    return ">99 %" if 0.99 < share < 1 else f"{100 * share:.0f} %"


def _seconds(text: str) -> float:
    return float(text.removeprefix("PT").removesuffix("S"))


_SCALES: dict[ColumnType, Callable[[Any], float]] = {
    ColumnType.INTEGER: float,
    ColumnType.DECIMAL: float,
    ColumnType.DATE: lambda text: float(date.fromisoformat(text).toordinal()),
    ColumnType.TIMESTAMP: lambda text: datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp(),
    ColumnType.DURATION: _seconds,
}
"""Where a value is on a line, for the types that have an order."""
