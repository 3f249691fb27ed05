"""Container groups with their workers, and who took whose place."""

from simulation.agenda import START
from support.states import RUN, name, observation, view

from orchestration.chronicle import Chronicle
from orchestration.views.fleet import fleet
from worker_image.contract import Heartbeat


def test_a_group_has_its_worker_and_its_successor() -> None:
    chronicle = Chronicle()
    for groups in (
        (view(1), view(2)),
        (view(1, 3), view(2)),
        (view(1, 2), view(2)),
        (view(1, 100_001),),
    ):
        chronicle = chronicle.with_look(observation(groups=groups), (), START)
    said = Heartbeat(
        worker=name(2), at=START.isoformat(), state="working", current=("generate/0000007",)
    )
    shown = {group.name: group for group in fleet(RUN, chronicle, [said]).groups}
    assert shown[name(1)].replaced_by == name(1, 2)
    assert shown[name(1, 2)].replaced_by == name(1, 3)
    assert shown[name(1, 3)].replaced_by is None, "the next one came with a redrive"
    worker = shown[name(2)].worker
    assert worker
    assert (worker.state, worker.at, worker.current) == ("working", START, ("generate/0000007",))
    assert shown[name(1)].worker is None
