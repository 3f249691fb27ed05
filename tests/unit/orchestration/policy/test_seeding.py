"""Which units go to the work queue now."""

from simulation.agenda import moment
from support.states import RUN, observation, plan, state
from support.tables import table

from orchestration.model import RunState, Seed
from orchestration.policy.seeding import seeded, seeds


@table(
    "run, pages",
    {
        "page by page": (state(plan(30), seeded=0), [(0, 10), (10, 10), (20, 10)]),
        "from where it stands": (state(plan(30), seeded=20), [(20, 10)]),
        "the last page may be short": (state(plan(25), seeded=20), [(20, 5)]),
        "none when all are seeded": (state(plan(25), seeded=25), []),
        "eight pages a turn": (
            state(plan(1_000), seeded=0),
            [(first, 10) for first in range(0, 80, 10)],
        ),
        "the window bounds the first": (
            state(plan(100, window=7), observation(0), seeded=0),
            [(0, 7)],
        ),
        "the window bounds the last": (
            state(plan(100, window=25), observation(0), seeded=0),
            [(0, 10), (10, 10), (20, 5)],
        ),
        "what waits is in the window": (
            state(plan(100, window=25), observation(queued=12), seeded=40),
            [(40, 10), (50, 3)],
        ),
        "a quarter of the window is worth a page": (
            state(plan(100, window=25), observation(queued=18), seeded=40),
            [(40, 7)],
        ),
        "less of it waits for more": (
            state(plan(100, window=25), observation(queued=19), seeded=40),
            [],
        ),
        "a page is enough of a large window": (
            state(plan(100, window=1_000), observation(queued=990), seeded=40),
            [(40, 10)],
        ),
        "the last units take any place": (
            state(plan(41, window=25), observation(queued=24), seeded=40),
            [(40, 1)],
        ),
        "a full window takes none": (
            state(plan(100, window=25), observation(queued=25), seeded=40),
            [],
        ),
        "a window that is more than full takes none": (
            state(plan(100, window=25), observation(queued=60), seeded=40),
            [],
        ),
    },
)
def test_pages(run: RunState, pages: list[tuple[int, int]]) -> None:
    assert [(seed.first, seed.count) for seed in seeds(run)] == pages


@table("resumed", {"all units at first": False, "the missing ones of a run resumed": True})
def test_a_run_that_is_resumed_seeds_what_is_missing(resumed: bool) -> None:
    run = state(plan(10, resumed=resumed), seeded=0)
    assert [seed.missing for seed in seeds(run)] == [resumed]


@table(
    "first, now_seeded, quiet, progressed",
    {
        "the next page counts, and is progress": (20, 30, 0, 9),
        "a page that was seeded before counts once": (10, 20, 1, 0),
        "a page behind one that failed does not count": (30, 20, 1, 0),
    },
)
def test_pages_count_in_their_order(
    first: int, now_seeded: int, quiet: int, progressed: int
) -> None:
    before = state(plan(100), seeded=20, quiet=1, progressed=moment(0))
    after = seeded(before, Seed(run=RUN, first=first, count=10), moment(9))
    assert (after.seeded, after.quiet, after.progressed) == (now_seeded, quiet, moment(progressed))
