"""Container groups and quotas as the platform shows them, in the words of the model.

The SDK declares what only the service sets as None; such values are taken as they come.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from azure.mgmt.containerinstance import models

from ..model import GroupView, Refusal, Room
from .refusals import PROVISIONING_FAILED, is_known, judge

PULLS = 3  # of an image in vain, about a minute of them, that pass for a refusal
DETAIL = 500


def view(group: models.ContainerGroup) -> GroupView:
    """What the SDK's model shows of a group. Its container counts where the group lags behind."""
    tags = group.tags or {}
    shown = group.containers and group.containers[0].instance_view
    seen: Any = shown or models.ContainerPropertiesInstanceView()
    current: Any = seen.current_state or models.ContainerState()
    instance: Any = group.instance_view
    events = [*(seen.events or ()), *((instance and instance.events) or ())]
    return GroupView(
        name=str(group.name),
        ordinal=_number(tags.get("ordinal")),
        attempt=_number(tags.get("attempt")),
        provisioning=group.provisioning_state or "",
        state=(instance and instance.state) or "Pending",
        started=_started(seen, events),
        ended=_ended(current),
        exit_code=current.exit_code,
        detail=_detail(seen, current, events),
        region=(group.location or "").replace(" ", "").lower(),
        spot=group.priority == "Spot",
        refusal=_refusal(str(group.provisioning_state), current, events),
    )


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() else 0


def _started(seen: Any, events: Iterable[Any]) -> datetime | None:
    """The first image pull: from then on a group is billed, however often it is run again."""
    pulls = [event.first_timestamp for event in events if event.name == "Pulling"]
    runs = [state.start_time for state in (seen.previous_state, seen.current_state) if state]
    return min((time for time in (*pulls, *runs) if time), default=None)


def _ended(current: Any) -> datetime | None:
    if current.state != "Terminated":
        return None
    ended: datetime | None = current.finish_time or current.start_time
    return ended


def _detail(seen: Any, current: Any, events: Iterable[Any]) -> str:
    """The container's own word, its restarts, and what keeps it from starting."""
    said = [current.detail_status]
    if seen.restart_count:
        code = seen.previous_state.exit_code if seen.previous_state else None
        said.append(f"run again {seen.restart_count} times, the last time after exit code {code}")
    if not current.start_time:
        said += [event.message for event in events if event.type == "Warning" or _is_cause(event)]
    return "; ".join(text for text in said if text)[:DETAIL]


def _refusal(provisioning: str, current: Any, events: Sequence[Any]) -> Refusal | None:
    """Why a creation that was accepted came to nothing; None of a group that started or may yet.

    A group whose container has ended is judged by its exit code, whatever its provisioning says.
    """
    failed = provisioning == "Failed"
    if current.state == "Terminated" or (current.start_time and not failed):
        return None
    for event in filter(_is_cause, events):
        return judge(event.name, event.message or "")
    pulls = [event.count or 1 for event in events if _is_failed_pull(event)]
    if pulls and (failed or max(pulls) >= PULLS):
        return judge("InaccessibleImage")
    return judge(PROVISIONING_FAILED) if failed else None


def _is_cause(event: Any) -> bool:
    return is_known(event.name or "", event.message or "")


def _is_failed_pull(event: Any) -> bool:
    return event.name == "Failed" and "pull" in (event.message or "").lower()


def room(usages: Iterable[models.Usage]) -> Room:
    """What a region's quotas have left; no spot groups where there is no quota of them.

    Raises:
        KeyError: a quota that each region has is missing.
    """
    left = {}
    for usage in usages:
        shown: Any = usage
        left[shown.name.value] = max(0, shown.limit - shown.current_value)
    return Room(
        groups=left["ContainerGroups"],
        cores=left["StandardCores"],
        spot_cores=left.get("StandardSpotCores", 0),
    )
