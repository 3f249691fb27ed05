from worker_image.ingester.postgresql.catalogue import TargetTable, in_order


def order(**parents: str) -> list[str]:
    tables = {name: TargetTable(name, (), tuple(of)) for name, of in parents.items()}
    return list(in_order(tables))


def test_parents_come_first() -> None:
    assert order(a="bc", b="c", c="", d="a") == ["c", "b", "a", "d"]


def test_a_circle_is_cut_and_what_it_refers_to_still_comes_first() -> None:
    assert order(a="b", b="ac", c="") == ["c", "b", "a"]
