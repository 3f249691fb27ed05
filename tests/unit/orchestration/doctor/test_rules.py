"""What the doctor finds in a run: each cause where it is, and not where it is not."""

from dataclasses import replace

import pytest
from simulation.agenda import moment
from support.evidence import (
    NOW,
    ago,
    app,
    beat,
    chronicle,
    death,
    delivered,
    letters,
    life,
    orchestration,
    over,
    record,
    run,
    status,
)
from support.states import RUN, name
from support.tables import table

from orchestration.doctor import rules
from orchestration.doctor.evidence import AppEvidence, RunEvidence, ScheduleEvidence, Trouble
from orchestration.model import Phase
from orchestration.policy.sweeping import Tagged
from orchestration.views.diagnosis import Code, Finding, Severity, diagnosis

ERROR, WARNING, INFO = Severity
DENIED = (
    f"{name(1)}: AuthorizationFailed: The client 'x' with object id"
    " '11111111-2222-3333-4444-555555555555' does not have authorization"
)
NO_GROUPS = chronicle()
PULLING = life(1, state="Pending", detail='ImagePullBackOff; Failed to pull image "i"')
HELD = ("command/0000003",)
KILLED = {
    "chronicle": chronicle(death(1, 1), death(1, 2), life(1, 3)),
    "heartbeats": (beat(1, 1, current=HELD), beat(1, 2, current=HELD), beat(1, 3)),
}
DIED_THRICE = chronicle(death(1, 1), death(1, 2), death(2, 1), life(2, 2))
PUSHED = beat(1, pushback="too many connections", pushbacks=3)
IMPATIENT = record(stall_timeout=300, unit_timeout=1)


def codes(findings: list[Finding]) -> list[tuple[Code, Severity]]:
    return [(finding.code, finding.severity) for finding in findings]


def waits(text: str, **changes: object) -> RunEvidence:
    return run(status=status(waits=text), **changes)


@table(
    "evidence, found",
    {
        "a run that goes on well": (run(), []),
        "a run that was accepted just now": (
            run(orchestration=None, now=moment(59), chronicle=NO_GROUPS),
            [],
        ),
        "a run that succeeded": (over(Phase.SUCCEEDED), []),
        "a run that was cancelled": (over(Phase.CANCELLED, "enough"), []),
        # ------------------------------------------------------------------ starts
        "accepted, and not started for a minute": (
            run(orchestration=None, now=moment(61)),
            [(Code.NOT_STARTED, WARNING)],
        ),
        "accepted, and not started before the sweep": (
            run(orchestration=None, now=moment(301)),
            [(Code.NOT_STARTED, ERROR)],
        ),
        "not found where the runtime does not answer": (
            run(orchestration=None, troubles=(Trouble("runtime", "Exception: 500"),)),
            [(Code.RUNTIME, ERROR)],
        ),
        "terminated from outside": (
            run(orchestration=orchestration("Terminated")),
            [(Code.ABANDONED, ERROR)],
        ),
        "live and not moved": (
            run(orchestration=orchestration(updated=ago(181))),
            [(Code.ORCHESTRATOR, ERROR)],
        ),
        "live and moved a while ago": (run(orchestration=orchestration(updated=ago(179))), []),
        "pending for long": (
            run(orchestration=orchestration("Pending", ago(61))),
            [(Code.ORCHESTRATOR, ERROR)],
        ),
        "suspended": (
            run(orchestration=orchestration("Suspended", ago(1))),
            [(Code.ORCHESTRATOR, ERROR)],
        ),
        # ------------------------------------------------------------------ Azure
        "no room, and nothing runs": (
            waits("no room in eastus until 12:00:00", chronicle=NO_GROUPS, heartbeats=()),
            [(Code.NO_CAPACITY, ERROR)],
        ),
        "no room, and some run": (
            waits("no room in eastus until 12:00:00"),
            [(Code.NO_CAPACITY, WARNING)],
        ),
        "no room, as a quota is used up": (
            run(
                status=status(
                    waits="no room in eastus until 12:00:00",
                    notes=("g: ContainerGroupQuotaReached: quota exceeded",),
                )
            ),
            [(Code.QUOTA, WARNING)],
        ),
        "quotas that were read": (
            waits("the quotas of eastus have 0 groups and 0 cores left"),
            [(Code.QUOTA, WARNING)],
        ),
        "a region that is shut": (
            run(
                status=status(
                    waits="no room in eastus until 12:00:00",
                    notes=("g: OperationNotAllowed: exceeds quota. Limit: 0 cores",),
                )
            ),
            [(Code.REGION_SHUT, WARNING)],
        ),
        "a creation that came to nothing": (
            run(
                chronicle=chronicle(
                    death(1, exit_code=0, refusal="InsufficientCapacity", detail="None left.")
                ),
                heartbeats=(),
            ),
            [(Code.NO_CAPACITY, ERROR)],
        ),
        "a look that the management API refuses": (
            run(
                now=moment(1_200),
                heartbeats=(beat(1, seconds=-199), beat(2, seconds=-199)),
                orchestration=orchestration(updated=moment(1_199)),
                status=status(notes=(f"observe failed: ({DENIED.split(': ')[1]}) {DENIED}",)),
            ),
            [(Code.AUTHORIZATION, ERROR)],
        ),
        "an old note of a run whose groups work": (run(status=status(notes=(DENIED,))), []),
        "an image that is pulled in vain": (
            run(chronicle=chronicle(PULLING), heartbeats=()),
            [(Code.IMAGE, ERROR)],
        ),
        "an image that is being pulled": (
            run(chronicle=chronicle(life(1, state="Pending")), heartbeats=()),
            [],
        ),
        # ------------------------------------------------------------------ workers
        "a worker that says that it is misconfigured": (
            run(chronicle=chronicle(death(1, exit_code=64), life(1, 2)), heartbeats=(beat(1, 2),)),
            [(Code.CONFIGURATION, ERROR)],
        ),
        "workers that died on one unit": (run(**KILLED), [(Code.UNIT_KILLS, ERROR)]),
        "one worker that died": (
            run(chronicle=chronicle(death(1), life(1, 2)), heartbeats=(beat(1), beat(1, 2))),
            [],
        ),
        "workers that left with a unit that they handed back": (
            run(
                chronicle=chronicle(death(1, exit_code=0), death(2, exit_code=0)),
                heartbeats=(beat(1), beat(2)),
            ),
            [],
        ),
        "workers that died without one unit in common": (
            run(chronicle=DIED_THRICE, heartbeats=(beat(1, 1, current=HELD), beat(2, 2))),
            [(Code.WORKERS_DIE, WARNING)],
        ),
        "spot groups that were taken away": (
            run(
                chronicle=chronicle(*(death(number, spot=True) for number in (1, 2, 3)), life(4)),
                heartbeats=(beat(4),),
            ),
            [],
        ),
        "workers that died long ago": (
            run(chronicle=chronicle(*(death(n, ended=ago(901)) for n in (1, 2, 3)), life(4))),
            [(Code.NO_WORD, ERROR)],
        ),
        "no worker that has ever spoken": (run(heartbeats=()), [(Code.NO_WORD, ERROR)]),
        "one of two that speaks no more": (
            run(heartbeats=(beat(1), beat(2, seconds=61))),
            [(Code.NO_WORD, WARNING)],
        ),
        "a group that has just started": (
            run(chronicle=chronicle(life(1, started=ago(59))), heartbeats=()),
            [],
        ),
        # ------------------------------------------------------------------ the target
        "a target that asks for less": (
            waits("the target asks for less: too many connections"),
            [(Code.TARGET, WARNING)],
        ),
        "a target that is away": (
            run(
                status=status(waits="the target asks for less: refused"),
                chronicle=chronicle(life(1), quiet=61),
            ),
            [(Code.TARGET, ERROR)],
        ),
        "a target that said something, and nothing moves": (
            run(chronicle=chronicle(life(1), quiet=61), heartbeats=(PUSHED,)),
            [(Code.TARGET, ERROR)],
        ),
        "a target that said something before": (run(heartbeats=(PUSHED, beat(2))), []),
        # ------------------------------------------------------------------ queues
        "a queue that is gone": (run(queue=None), [(Code.NO_QUEUE, ERROR)]),
        "a queue that is gone as all is done": (
            run(queue=None, status=status(units={"done": 100})),
            [],
        ),
        "messages that come again without a word": (
            run(waiting=(delivered(2), delivered(1, unit=8))),
            [(Code.LEASE_LOOP, WARNING)],
        ),
        "messages that come again for a reason": (
            run(
                waiting=(
                    delivered(3, told=2),
                    delivered(4, released=1, busy=3),
                    delivered(9, told=5, released=1, busy=2),
                )
            ),
            [],
        ),
        "messages of a unit that kills": (
            run(**KILLED, waiting=(delivered(3, unit=3),)),
            [(Code.UNIT_KILLS, ERROR)],
        ),
        "an empty queue, idle workers and missing units": (
            run(
                queue=0,
                chronicle=chronicle(life(1), quiet=121),
                heartbeats=(beat(1, state="idle", current=()),),
            ),
            [(Code.STARVED, WARNING)],
        ),
        "an empty queue and a worker at the last units": (
            run(queue=0, chronicle=chronicle(life(1), quiet=121)),
            [],
        ),
        # ------------------------------------------------------------------ its course
        "no progress for a third of its time": (
            run(
                record=record(stall_timeout=300, unit_timeout=1),
                chronicle=chronicle(life(1), quiet=101),
            ),
            [(Code.STALLED, WARNING)],
        ),
        "no progress for most of its time": (
            run(
                record=record(stall_timeout=300, unit_timeout=1),
                chronicle=chronicle(life(1), quiet=201),
            ),
            [(Code.STALLED, ERROR)],
        ),
        "no progress for a while": (run(chronicle=chronicle(life(1), quiet=599)), []),
        "no progress since before this round": (
            run(status=status(elapsed=30), chronicle=chronicle(life(1), quiet=5_000)),
            [],
        ),
        "near the cap": (
            run(status=status(cost=0.9, cost_limit=1.0)),
            [(Code.COST_CAP, WARNING)],
        ),
        "beyond the cap at the end": (
            run(status=status(cost=0.1, cost_at_end=2.0, cost_limit=1.0)),
            [(Code.COST_CAP, WARNING)],
        ),
        "within the cap": (run(status=status(cost=0.5, cost_at_end=0.8, cost_limit=1.0)), []),
        "near the deadline": (
            run(record=record(deadline=1_100)),
            [(Code.DEADLINE, WARNING)],
        ),
        "not through by the deadline": (
            run(record=record(deadline=2_000), status=status(seconds_left=1_500.0)),
            [(Code.DEADLINE, WARNING)],
        ),
        "through before the deadline": (
            run(record=record(deadline=2_000), status=status(seconds_left=500.0)),
            [],
        ),
        "paused for hours": (
            run(
                status=status(state=Phase.PAUSED, elapsed=9_000),
                chronicle=chronicle(quiet=3_601),
                heartbeats=(),
            ),
            [(Code.PAUSED, INFO)],
        ),
        "paused a while ago": (
            run(status=status(state=Phase.PAUSED, elapsed=9_000), chronicle=chronicle(quiet=3_000)),
            [],
        ),
        # ------------------------------------------------------------------ dead letters
        "one error on most dead letters": (
            run(letters=letters(3) + letters(2, "f2", 10)),
            [(Code.SAME_ERROR, ERROR)],
        ),
        "one error, and no circuit breaker": (
            run(letters=letters(3), record=record(repeated_error_percent=None)),
            [(Code.SAME_ERROR, WARNING)],
        ),
        "few dead letters": (run(letters=letters(2)), []),
        "several errors": (run(letters=letters(3) + letters(3, "f2", 10)), []),
        "one error on most dead letters at the end": (
            over(Phase.COMPLETED_WITH_FAILURES, failures=[("f1", 3), ("f2", 2)]),
            [(Code.SAME_ERROR, WARNING)],
        ),
        "dead letters at the end": (
            over(Phase.COMPLETED_WITH_FAILURES, failures=[("f1", 1)]),
            [(Code.DEAD_LETTERS, WARNING)],
        ),
    },
)
def test_what_is_found(evidence: RunEvidence, found: list[tuple[Code, Severity]]) -> None:
    assert codes(rules.of_run(evidence)) == found


LATE = ScheduleEvidence(name="nightly", changed=ago(9_000), due=ago(181), decided=False)
FAULTY = ScheduleEvidence(name="nightly", changed=ago(9_000), fault="cron: no")


@table(
    "evidence, found",
    {
        "all is well": (app(runs=(run(),)), []),
        "before the first round": (app(rounds={}), []),
        "a schedule that is decided": (app(schedules=(replace(LATE, decided=True),)), []),
        "a schedule that was due a moment ago": (app(schedules=(replace(LATE, due=ago(179)),)), []),
        "a schedule that was written after it was due": (
            app(schedules=(replace(LATE, changed=ago(180)),)),
            [],
        ),
        "a schedule that was due long ago": (
            app(schedules=(LATE,)),
            [(Code.SCHEDULE_LATE, ERROR)],
        ),
        "a schedule that is faulty": (app(schedules=(FAULTY,)), [(Code.SCHEDULE_FAULTY, ERROR)]),
        "the timer of the schedules is dead": (
            app(rounds={"start_schedules": ago(181)}),
            [(Code.TIMER, ERROR)],
        ),
        "the timer of the notifications is dead": (
            app(rounds={"send_notifications": ago(181)}),
            [(Code.TIMER, ERROR)],
        ),
        "the timer of the sweep is dead": (
            app(rounds={"sweep_orphans": ago(901)}),
            [(Code.TIMER, ERROR)],
        ),
        "orphans": (
            app(orphans=(Tagged(name=name(), run=RUN),)),
            [(Code.ORPHANS, WARNING)],
        ),
        "more runs than one look takes": (app(unseen=2), [(Code.MORE_RUNS, INFO)]),
        "a run of which something is wrong": (
            app(runs=(run(queue=None), run())),
            [(Code.NO_QUEUE, ERROR)],
        ),
        "services that do not answer, each told once": (
            app(
                troubles=(
                    Trouble("storage", "no answer within 10 s"),
                    Trouble("storage", "ServiceRequestError: refused"),
                    Trouble("management", "ServiceRequestError: refused"),
                ),
                runs=(run(troubles=(Trouble("storage", "no answer within 10 s"),)),),
            ),
            [(Code.STORAGE, ERROR), (Code.MANAGEMENT, ERROR)],
        ),
        "a management API that refuses": (
            app(troubles=(Trouble("management", DENIED),)),
            [(Code.AUTHORIZATION, ERROR)],
        ),
    },
)
def test_what_is_found_in_the_app(
    evidence: AppEvidence, found: list[tuple[Code, Severity]]
) -> None:
    assert codes(rules.of_app(evidence)) == found


def test_the_worst_comes_first() -> None:
    found = rules.of_app(app(runs=(run(**KILLED),), unseen=1, orphans=(Tagged(name="g", run=RUN),)))
    answer = diagnosis(found, NOW)
    assert [finding.code for finding in answer.findings] == [
        Code.UNIT_KILLS,
        Code.ORPHANS,
        Code.MORE_RUNS,
    ]


def test_a_unit_that_kills_is_named_with_its_workers_and_the_next_commands() -> None:
    tails = {name(1, 1): "line 1\nline 2\nMemoryError\n"}
    (finding,) = rules.of_run(run(**KILLED, tails=tails))
    assert finding.what == "workers die on the same unit; unit 3 of command, 2 workers so far"
    assert f"{name(1, 1)}, {name(1, 2)} held it last; exit codes [137]" in finding.why
    assert "line 1 | line 2 | MemoryError" in finding.why
    assert finding.commands == [
        f"aci-jobs logs {RUN} --unit 3",
        f"aci-jobs replay {RUN} 3",
        f"az container show --resource-group jobs --name {name(1, 1)} --query instanceView"
        " --output jsonc",
    ]


def test_a_missing_role_is_assigned_to_whom_azure_names() -> None:
    (finding,) = rules.of_run(over(reason=DENIED))
    assert finding.commands == [
        "az role assignment create --assignee-object-id 11111111-2222-3333-4444-555555555555"
        " --assignee-principal-type ServicePrincipal"
        " --role 'Azure Container Instances Contributor Role'"
        " --scope /subscriptions/sub-1/resourceGroups/jobs",
        "az role assignment list --resource-group jobs --output table",
        f"aci-jobs redrive {RUN}",
    ]


@pytest.mark.parametrize("evidence", [run(letters=letters(3)), over(failures=[("f1", 3)])])
def test_dead_letters_are_replayed_and_redriven_by_fingerprint(evidence: RunEvidence) -> None:
    found = rules.of_run(replace(evidence, letters=letters(3)))
    (alike,) = [finding for finding in found if finding.code is Code.SAME_ERROR]
    assert alike.why.startswith("ValueError: no such city")
    assert alike.commands == [
        f"aci-jobs replay {RUN} 0",
        f"aci-jobs redrive {RUN} --fingerprint f1",
    ]


def test_no_finding_shows_a_secret() -> None:
    for evidence in (run(heartbeats=(), queue=None), over(reason="x")):
        assert "topsecret" not in str(rules.of_run(evidence))
