"""What each code means, what to do about it, and the commands that help: a table."""

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from string import Formatter

from ..views.diagnosis import Code, Finding, Severity

Facts = Mapping[str, str | None]
"""What commands name: settings of the app, and what a finding is about."""

WORDS = 1_000


@dataclass(frozen=True)
class Advice:
    """`commands` are templates: one is left out where a fact that it names is not known."""

    means: str
    next: str
    commands: tuple[str, ...] = ()


_GROUP = "--resource-group {resource_group} --name {group}"
_SHOW_GROUP = f"az container show {_GROUP} --query instanceView --output jsonc"
_OUTPUT = f"az container logs {_GROUP} --container-name worker"
_USAGES = (
    "az rest --method get --url {arm}/subscriptions/{subscription}/providers"
    "/Microsoft.ContainerInstance/locations/{region}/usages"
    " --url-parameters api-version=2023-05-01"
)
_LET_PRINCIPAL = (
    "az role assignment create --assignee-object-id {principal}"
    " --assignee-principal-type ServicePrincipal"
    " --role 'Azure Container Instances Contributor Role'"
    " --scope /subscriptions/{subscription}/resourceGroups/{resource_group}"
)
_ROLES = "az role assignment list --assignee {identity_client} --all --output table"
_APPS = "az functionapp list --resource-group {resource_group} --output table"
_REDRIVE, _CANCEL = "aci-jobs redrive {run}", "aci-jobs cancel {run}"
_UNIT = ("aci-jobs logs {run} --unit {unit}", "aci-jobs replay {run} {unit}")

ADVICE: Mapping[Code, Advice] = {
    Code.STORAGE: Advice(
        "storage does not answer the app",
        "See that the storage account is there, that its firewall lets the app in, and that the"
        " app's identity is Storage Blob Data Contributor and Storage Queue Data Contributor.",
        ("az storage account list --resource-group {resource_group} --output table",),
    ),
    Code.MANAGEMENT: Advice(
        "the management API of Azure does not answer",
        "Wait: every run asks again by itself. If it lasts, look at the status page of Azure.",
        ("az group show --name {resource_group} --output table",),
    ),
    Code.RUNTIME: Advice(
        "the Durable runtime does not answer the app",
        "Look at the log of the function app, and restart it.",
        (_APPS,),
    ),
    Code.AUTHORIZATION: Advice(
        "the management API refuses the app: a role is missing",
        "Give the app's identity the role that Azure's words ask for, wait five minutes, redrive.",
        (
            _LET_PRINCIPAL,
            "az role assignment list --resource-group {resource_group} --output table",
            _REDRIVE,
        ),
    ),
    Code.IDENTITY: Advice(
        "the workers' identity is not let in",
        "Assign the roles that the identity lacks: AcrPull at the registry, Storage Blob Data"
        " Contributor and Storage Queue Data Contributor at storage. Then redrive.",
        ("az identity show --ids {identity} --output table", _ROLES, _REDRIVE),
    ),
    Code.IMAGE: Advice(
        "the image cannot be pulled",
        "See that the image is there under this very name and that the workers' identity may pull"
        " it (AcrPull). Then redrive.",
        (
            "az acr repository show --name {registry} --image {repository}",
            _ROLES,
            _REDRIVE,
        ),
    ),
    Code.CONFIGURATION: Advice(
        "the workers end at once, as their configuration is wrong",
        "Correct the setting of the app that the worker's last words name, then redrive.",
        ("aci-jobs logs {run}", _OUTPUT, _REDRIVE),
    ),
    Code.REFUSED: Advice(
        "Azure refuses the container groups",
        "Do what Azure's words ask for, then redrive.",
        (_USAGES, _REDRIVE),
    ),
    Code.QUOTA: Advice(
        "the quota for container groups is used up",
        "Wait until other groups end, name more regions in `instances.regions`, or ask Azure for a"
        " higher quota. The run goes on by itself.",
        (_USAGES, "az container list --resource-group {resource_group} --output table"),
    ),
    Code.NO_CAPACITY: Advice(
        "Azure has no capacity for more container groups",
        "Wait: the run looks again every five minutes. If it lasts, start it with more regions in"
        " `instances.regions`, or with smaller groups.",
        (_USAGES,),
    ),
    Code.REGION_SHUT: Advice(
        "the region takes no container groups of this subscription",
        "Name other regions in `instances.regions`, or ask Azure to open this one.",
        (_USAGES,),
    ),
    Code.NOT_STARTED: Advice(
        "the run was accepted and has not started",
        "Start it again with the same idempotency key. The sweep closes a run that does not start"
        " within five minutes; a redrive starts it then.",
        (_APPS, _REDRIVE),
    ),
    Code.ABANDONED: Advice(
        "the orchestration of the run was ended from outside",
        "Wait for the sweep, which deletes its container groups and closes the run within ten"
        " minutes. Then redrive: it goes on with what is missing.",
        (_REDRIVE,),
    ),
    Code.ORCHESTRATOR: Advice(
        "the orchestrator of the run does not move",
        "See that the function app runs and restart it: the run goes on where it was.",
        (_APPS,),
    ),
    Code.UNIT_KILLS: Advice(
        "workers die on the same unit",
        "Look at the unit: it may need more memory (`instances.memory_gb`) or time. It becomes a"
        " dead letter after `limits.attempts` deliveries; others are not kept back.",
        (*_UNIT, _SHOW_GROUP),
    ),
    Code.WORKERS_DIE: Advice(
        "one worker after another dies",
        "Read their last words. Exit code 137 is a lack of memory more often than not: give more"
        " `instances.memory_gb`, or less `instances.concurrency`.",
        ("aci-jobs logs {run}", _SHOW_GROUP, _OUTPUT),
    ),
    Code.NO_WORD: Advice(
        "container groups run and their workers say nothing",
        "See that the workers' identity may write to storage: Storage Blob Data Contributor and"
        " Storage Queue Data Contributor. A silent group is replaced by itself.",
        (_OUTPUT, _ROLES),
    ),
    Code.TARGET: Advice(
        "the target is away or asks for less",
        "See that the target is up, takes connections from here, and has some left. The run waits"
        " for it with fewer groups; no attempt of a unit is used up.",
        ("aci-jobs scale {run} 1", "aci-jobs pause {run}"),
    ),
    Code.LEASE_LOOP: Advice(
        "units are delivered again and again without a word",
        "Workers die on them, or work longer than a lease and cannot renew it: look for killed"
        " workers, and raise ACI_JOBS_WORKER_VISIBILITY_SECONDS if it is short.",
        (*_UNIT, "aci-jobs logs {run}"),
    ),
    Code.NO_QUEUE: Advice(
        "the work queue is missing while the run works",
        "Cancel the run and redrive it: the queue is made anew, and what is done stays done.",
        (_CANCEL, _REDRIVE),
    ),
    Code.STARVED: Advice(
        "the queue is empty, the workers are idle, and units are missing",
        "Wait: an audit puts missing units back on the queue, three times. If they are missing"
        " still the run fails and names them.",
        ("aci-jobs status {run}",),
    ),
    Code.STALLED: Advice(
        "no unit has moved for long",
        "Look at what the workers say. Without progress the run ends after `limits.stall_timeout`;"
        " a redrive goes on with what is missing.",
        ("aci-jobs logs {run}", _REDRIVE),
    ),
    Code.SAME_ERROR: Advice(
        "one error is on most of the dead letters",
        "Replay one of them, mend the cause, and redrive those of this fingerprint.",
        ("aci-jobs replay {run} {unit}", "aci-jobs redrive {run} --fingerprint {fingerprint}"),
    ),
    Code.DEAD_LETTERS: Advice(
        "dead letters wait for somebody",
        "Look at them by cause, mend it, and redrive them.",
        (
            "aci-jobs dead {run}",
            "aci-jobs replay {run} {unit}",
            "aci-jobs redrive {run} --fingerprint {fingerprint}",
        ),
    ),
    Code.COST_CAP: Advice(
        "the cost cap ends the run",
        "Start it with a higher `limits.cost`, or let it end: a redrive goes on with what is"
        " missing, and has the cap anew.",
        ("aci-jobs status {run}", _REDRIVE),
    ),
    Code.DEADLINE: Advice(
        "the deadline ends the run",
        "Scale it up, or let it end: a redrive goes on with what is missing, and has the deadline"
        " anew.",
        ("aci-jobs status {run}", _REDRIVE),
    ),
    Code.PAUSED: Advice(
        "the run is paused",
        "Resume it, or cancel it. Its deadline does not wait.",
        ("aci-jobs resume {run}", _CANCEL),
    ),
    Code.FAILED: Advice(
        "the run has failed",
        "Mend what the reason names, then redrive: it goes on with what is missing.",
        ("aci-jobs report {run}", _REDRIVE),
    ),
    Code.SCHEDULE_FAULTY: Advice(
        "a schedule is faulty and starts nothing",
        "Correct its definition; the next due time starts a run.",
        (),
    ),
    Code.SCHEDULE_LATE: Advice(
        "a schedule was due and has not been decided",
        "Look at the log of the function start_schedules. A due time of the past hour is made up"
        " for.",
        (_APPS,),
    ),
    Code.TIMER: Advice(
        "a timer of the app does not fire",
        "See that the function is not disabled and that the function app runs; restart it.",
        (_APPS,),
    ),
    Code.ORPHANS: Advice(
        "container groups of runs that have ended are there, and cost money",
        "The sweep deletes them every five minutes. If they stay, look at the log of the function"
        " sweep_orphans, and delete them.",
        (f"az container delete {_GROUP} --yes",),
    ),
    Code.MORE_RUNS: Advice(
        "not every run was looked at",
        "Ask for the others one by one.",
        ("aci-jobs list --state live",),
    ),
}


def finding(
    code: Code, severity: Severity, *, why: str, facts: Facts, more: str = "", what: str = ""
) -> Finding:
    """A finding with the advice for its code.

    `more` goes behind what the code means, `what` in its place.
    """
    advice = ADVICE[code]
    line = what or "; ".join(filter(None, (advice.means, more)))
    return Finding(
        code=code,
        severity=severity,
        run=facts.get("run"),
        what=_one_line(line),
        why=_one_line(why)[:WORDS],
        next=advice.next,
        commands=list(_filled(advice.commands, facts)),
    )


def _filled(templates: tuple[str, ...], facts: Facts) -> Iterator[str]:
    quoted = {name: shlex.quote(value) for name, value in facts.items() if value}
    for template in templates:
        named = {name for _, name, _, _ in Formatter().parse(template) if name}
        if named <= quoted.keys():
            yield template.format_map(quoted)


def _one_line(text: str) -> str:
    return " ".join(text.split())
