"""Why a run has failed, by the reasons that the policy itself gives."""

from simulation.agenda import moment
from support.evidence import beat, chronicle, death, over
from support.states import gone, name, observation, plan, slot, state
from support.tables import table

from orchestration.doctor import rules
from orchestration.doctor.causes import cause, refusal_cause
from orchestration.model import Account, RepeatedError
from orchestration.policy.auditing import verdict
from orchestration.policy.judging import judge
from orchestration.views.diagnosis import Code, Severity

ALIKE = RepeatedError(fingerprint="f", error="ValueError: Failed to pull image", units=60)

MISSING = Account(
    done={"generate": 1}, dead={"generate": 0}, missing={"generate": 1}, sample=("generate/7",)
)


def judged(*parts: object, seconds: float = 10, **changes: object) -> str:
    found = judge(state(*parts, **changes), moment(seconds))  # type: ignore[arg-type]
    assert found
    return found.reason


@table(
    "reason, code",
    {
        "too old": (judged(plan(limits={"deadline": 5})), Code.DEADLINE),
        "too expensive": (judged(plan(limits={"cost": 0.001}), slot()), Code.COST_CAP),
        "one error": (judged(observation(dead=60, errors=(ALIKE,))), Code.SAME_ERROR),
        "too many errors": (
            judged(plan(limits={"tolerated_failures": 1}), observation(dead=2)),
            Code.DEAD_LETTERS,
        ),
        "too large a share of errors": (
            judged(plan(limits={"tolerated_percent": 1}), observation(dead=2)),
            Code.DEAD_LETTERS,
        ),
        "no progress": (judged(seconds=1_801), Code.STALLED),
        "no progress, for the target is away": (
            judged(observation(pushback="connection refused"), seconds=1_801),
            Code.TARGET,
        ),
        "no progress, for Azure refuses": (
            judged(seconds=1_801, notes=("g: InsufficientCapacity: none",)),
            Code.NO_CAPACITY,
        ),
        "workers that die": (judged(gone(exit_code=137), losses=21), Code.WORKERS_DIE),
        "workers that are misconfigured": (
            judged(gone(exit_code=64), losses=4),
            Code.CONFIGURATION,
        ),
        "units that stay missing": (
            verdict(MISSING).reason,
            Code.FAILED,
        ),
        "an image": ("g: InaccessibleImage: ImagePullBackOff", Code.IMAGE),
        "an image without a code": ("g: it has ended (Failed to pull image)", Code.IMAGE),
        "an identity": ("g: InvalidImageRegistryIdentity: no", Code.IDENTITY),
        "a role": ("g: AuthorizationFailed: no", Code.AUTHORIZATION),
        "a policy": ("g: RequestDisallowedByPolicy: no", Code.REFUSED),
        "something that nobody knows": ("source: there is no container nowhere", Code.FAILED),
    },
)
def test_why_it_failed(reason: str, code: Code) -> None:
    assert cause(reason) is code
    finding, *_ = rules.of_run(over(reason=reason))
    assert (finding.code, finding.severity) == (code, Severity.ERROR)
    assert "the run has failed" in finding.what
    assert reason in finding.why
    assert finding.next


def test_words_without_a_code_are_no_refusal() -> None:
    assert refusal_cause("Nothing was said by Azure") is None


def test_workers_that_died_on_a_unit_name_it_after_the_end() -> None:
    reason = judged(gone(exit_code=137), losses=21)
    evidence = over(
        reason=reason,
        chronicle=chronicle(death(1, 1), death(1, 2)),
        heartbeats=(beat(1, 1), beat(1, 2)),
    )
    finding, *_ = rules.of_run(evidence)
    assert finding.code is Code.UNIT_KILLS
    assert f"aci-jobs replay {evidence.record.run} 7" in finding.commands
    assert name(1, 1) in finding.why
