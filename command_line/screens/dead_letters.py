"""Units that failed."""

import hashlib
import json
from collections.abc import Iterable, Iterator

from rich.console import Group
from rich.table import Table
from rich.text import Text

from command_line.figures import clock, count
from command_line.screens.reports import failures
from command_line.screens.tables import Fitting, View, facts, lines, table, text

_ERROR = 200


def groups(page: View) -> Group:
    """Dead letters by what they have in common, and what can be done."""
    run = page["run"]
    if not page["count"]:
        return Group(Text(f"Run {run} has no dead letter."))
    least = "at least " if page["at_least"] else ""
    first = page["dead_letters"][0]["place"] if page["dead_letters"] else "STAGE/UNIT"
    return Group(
        Text(f"Run {run} has {least}{count(page['count'], 'dead letter')}."),
        failures(page["groups"]),
        Text(),
        Text("next", "dim"),
        Text(f"  aci-jobs dead {run} --all", "dim"),
        Text(f"  aci-jobs dead {run} {first}", "dim"),
        Text(f"  aci-jobs redrive {run} --fingerprint {page['groups'][0]['fingerprint']}", "dim"),
    )


def entries(letters: Iterable[View]) -> Fitting:
    """Dead letters one by one."""
    rows = [
        (
            letter["place"],
            f"{letter['deliveries']}",
            letter["fingerprint"],
            letter["dead_at"] and clock(letter["dead_at"]),
            f"{letter['type']}: {letter['error']}"[:_ERROR],
        )
        for letter in letters
    ]
    names = ("unit", "deliveries", "fingerprint", "dead since", "error")
    less = ("deliveries", "dead since", "fingerprint")
    return Fitting(names, rows, right=("deliveries",), folded=("error",), less=less)


def letter(letter: View) -> Group:
    """One dead letter as a whole: error, traceback, deliveries, message."""
    error, message = letter["error"], letter["message"]
    earlier = message.get("history", []) if isinstance(message, dict) else []
    return Group(
        facts(_facts(letter)),
        *_part("traceback", lines(error.get("traceback") or "")),
        *_part("earlier deliveries", _deliveries(earlier) if earlier else None),
        *_part("message", lines(_shown(message))),
    )


def _facts(letter: View) -> Iterator[tuple[str, str | Text]]:
    error = letter["error"]
    yield "error", Text.assemble((error["type"], "bold red"), ": ", text(error["message"]))
    yield "fingerprint", error.get("fingerprint", "")
    yield "permanent", "yes: it is not tried again by itself" if error["permanent"] else "no"
    yield "deliveries", f"{letter['deliveries']}"
    yield "worker", letter["worker"]
    yield "first seen", letter["first_seen"] or ""
    yield "dead since", letter["dead_at"]


def _part(name: str, content: Text | Table | None) -> Iterator[Text | Table]:
    if content:
        yield Text()
        yield Text(name, "bold")
        yield content


def _deliveries(earlier: list[View]) -> Table:
    rows = (
        (f"{each['delivery']}", each["at"], each["worker"], f"{each['type']}: {each['message']}")
        for each in earlier
    )
    return table(("delivery", "at", "worker", "error"), rows, folded=("error",))


def _shown(message: View | str) -> str:
    """The message as it was read, or as it came where it could not be; its dataset in a line."""
    if isinstance(message, str):
        return message
    payload = message.get("payload") or {}
    dataset = payload.get("dataset") or {}
    if isinstance(dataset.get("inline"), dict):
        payload = {**payload, "dataset": _brief(dataset["inline"])}
    return json.dumps({**message, "payload": payload}, indent=2, ensure_ascii=False)


def _brief(dataset: View) -> str:
    """A dataset by its name and by the digest that tells it from others."""
    content = json.dumps(dataset, separators=(",", ":"))
    digest = hashlib.sha256(content.encode()).hexdigest()
    return f"{dataset.get('dataset')}, sha256 {digest}; --json has it all"
