"""Results of episodes as lines, tables and stories for people."""

from collections import Counter
from collections.abc import Iterator, Sequence

from rich.table import Table

from .playing import Result
from .scenario import Scenario


def line(result: Result) -> str:
    """An episode on one line: seed, runs, ends, the faults that met somebody, seconds."""
    ends = ", ".join(f"{count} {end}" for end, count in sorted(result.ends.items()))
    faults = ", ".join(f"{count} {fault}" for fault, count in sorted(result.met.items()))
    mark = "WRONG" if result.wrong else "ok"
    return (
        f"{mark} seed {result.scenario.seed}: {len(result.courses)} runs ({ends}); "
        f"{faults or 'no faults'}; {result.seconds:.0f} s"
    )


def schedule(scenario: Scenario) -> str:
    """What is to happen when."""
    jobs = [(job.at, f"{job.at:6.1f} s  {job}") for job in scenario.jobs]
    faults = [
        (fault.at, f"{fault.at:6.1f} to {fault.at + fault.seconds:6.1f} s  {fault}")
        for fault in scenario.faults
    ]
    return "\n".join(text for _, text in sorted([*jobs, *faults]))


def story(result: Result) -> str:
    """What was wrong, with the runs and all that happened to them."""
    return "\n".join(
        [
            *(f"  wrong: {each}" for each in result.wrong),
            *(f"  run:   {course}" for course in result.courses),
            *(f"  {happening}" for happening in result.happenings),
            f"  logs:  {result.folder}",
        ]
    )


def summary(results: Sequence[Result]) -> Iterator[Table | str]:
    """Counts by fault and by end, and whether all that must hold has held."""
    met, drawn, ends = Counter[str](), Counter[str](), Counter[str]()
    for result in results:
        met.update(result.met)
        ends.update(result.ends)
        drawn.update(str(fault) for fault in result.scenario.faults)
    faults = Table("fault", "drawn", "met", title="by fault")
    for fault in sorted(drawn):
        faults.add_row(fault, f"{drawn[fault]}", f"{met[fault]}")
    yield faults
    table = Table("end", "runs", title="by end")
    for end, count in ends.most_common():
        table.add_row(end, f"{count}")
    yield table
    wrong = [result.scenario.seed for result in results if result.wrong]
    seconds = sum(result.seconds for result in results)
    yield f"{len(results)} episodes in {seconds / 60:.0f} minutes."
    yield f"WRONG with seeds {wrong}" if wrong else "Every invariant held."
