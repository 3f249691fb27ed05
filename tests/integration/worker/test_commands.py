"""Units handed to real programs: how they end, what they say, and what is left of them."""

import json
import logging
import os
import signal
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from support.programs import programs
from support.services import eventually
from support.worker import Bench

from worker_image import command
from worker_image.command import Command, ProgramFailed
from worker_image.contract import (
    PROGRAM_ENDINGS,
    CommandPayload,
    ExitCode,
    Limits,
    Message,
    Receipt,
    Stage,
    naming,
)
from worker_image.errors import PermanentError, UnitTimeout
from worker_image.program import StartError

CODES = {str(code): ending.value for code, ending in PROGRAM_ENDINGS.items()}
STUBBORN = "trap '' TERM; sleep 1000 & setsid sleep 1000 & echo started; wait; sleep 1000"


def handed(
    bench: Bench, *program: str, unit: int = 0, text: str = '{"a":1}', **changes: Any
) -> Message:
    """The message of a unit whose program may be a shell, for all that a test asks of one."""
    limits = Limits(changes.pop("attempts", 3), changes.pop("timeout", 60.0))
    environment = changes.pop("environment", {})
    payload = CommandPayload(program, text, environment, CODES, **changes)
    return bench.message(unit, stage=Stage.COMMAND, payload=payload.members(), limits=limits)


def shell(bench: Bench, script: str, **changes: Any) -> Message:
    return handed(bench, "sh", "-c", script, **changes)


def receipts(bench: Bench) -> list[Receipt]:
    return bench.receipts(naming.RUNS, naming.receipts(bench.run, "command"))


def said(bench: Bench, stream: str) -> list[tuple[int, str]]:
    """Unit and text of the lines of a stream in the worker's log."""
    return [(line["unit"], line["message"]) for line in bench.log() if line.get("stream") == stream]


@pytest.fixture
def stage(bench: Bench) -> Command:
    return Command(bench.environment(), os.environ)


@pytest.fixture(autouse=True)
def _nothing_is_left(bench: Bench) -> Iterator[None]:
    yield
    assert programs(bench.run) == []


def test_exit_codes_decide(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "closed").write_text("no program")
    (tmp_path / "text").write_text("no program")
    (tmp_path / "text").chmod(0o755)
    bench.seed(
        handed(bench, "cat"),
        shell(bench, 'echo begun; echo \'{"records": {"page": 3}}\'', unit=1),
        shell(bench, "echo one >&2; echo no such column >&2; exit 65", unit=2),
        shell(bench, 'echo "try $ACI_JOBS_ATTEMPT" >&2; exit 75', unit=3),
        shell(bench, 'test "$ACI_JOBS_ATTEMPT" = 3 || exit 9', unit=4),
        handed(bench, "no-such-program", unit=5),
        handed(bench, f"{tmp_path}/closed", unit=6),
        handed(bench, f"{tmp_path}/text", unit=7),
        shell(bench, "kill -SEGV $$", unit=8, attempts=1),
    )
    code, printed = bench.run_process(concurrency=2, idle_seconds=2)
    assert code == ExitCode.OK, printed
    assert {receipt.unit: receipt.records for receipt in receipts(bench)} == {
        0: {"unit": 1},
        1: {"page": 3},
        4: {"unit": 1},
    }
    ends = {letter.message["unit"]: letter for letter in bench.dead_letters()}  # type: ignore[index]
    assert {unit: (letter.error.type, letter.error.message) for unit, letter in ends.items()} == {
        2: ("PermanentError", "exit code 65: no such column (before that: one)"),
        3: ("ProgramFailed", "exit code 75: try 3"),
        5: ("PermanentError", "'no-such-program' cannot be started: No such file or directory"),
        6: ("PermanentError", f"'{tmp_path}/closed' cannot be started: Permission denied"),
        7: ("PermanentError", f"'{tmp_path}/text' cannot be started: Exec format error"),
        8: ("ProgramFailed", "exit code 139 (SIGSEGV): nothing on standard error"),
    }
    assert [ends[unit].deliveries for unit in (2, 5, 6, 7)] == [1] * 4, "no other try helps"
    history = [failure["message"] for failure in ends[3].message["history"]]  # type: ignore[index]
    assert history == ["exit code 75: try 1", "exit code 75: try 2"]
    assert bench.queued() == 0


def test_what_programs_say_is_in_the_log_with_unit_and_stream(bench: Bench) -> None:
    bench.seed(
        handed(bench, "cat", unit=1, text='{"name":"é"}'),
        shell(bench, r"printf 'bad \377\n\n' >&2; printf '%09000d\nend' 0", unit=2),
    )
    code, printed = bench.run_process(concurrency=2)
    assert code == ExitCode.OK, printed
    assert (1, '{"name":"é"}') in said(bench, "stdout")
    assert [text for unit, text in said(bench, "stdout") if unit == 2] == [
        "0" * 8_192 + " …",
        "end",
    ]
    assert said(bench, "stderr") == [(2, "bad \ufffd")]
    assert all(line["delivery"] == 1 for line in bench.log() if "stream" in line)


def test_a_program_is_told_no_secret_of_the_worker(bench: Bench) -> None:
    url = "postgresql://postgres:not-for-any-program@/postgres"
    bench.seed(
        handed(bench, "env", environment={"LEVEL": "9"}),
        handed(bench, "env", unit=1, connection_string=True),
    )
    code, printed = bench.run_process(postgresql_url=url)
    assert code == ExitCode.OK, printed
    names = {unit: set[str]() for unit in (0, 1)}
    for unit, text in said(bench, "stdout"):
        names[unit].add(text.partition("=")[0])
    own = {"PATH", "HOME", "LANG", "ACI_JOBS_RUN", "ACI_JOBS_UNIT", "ACI_JOBS_ATTEMPT"}
    assert names == {0: own | {"LEVEL"}, 1: own | {"AZURE_STORAGE_CONNECTION_STRING"}}
    key = bench.connection.split("AccountKey=")[1].split(";")[0]
    assert "not-for-any-program" not in printed
    assert key not in printed, "what the program prints of it is masked"


def test_input_that_nobody_reads_is_no_error(bench: Bench, stage: Command) -> None:
    text = json.dumps("x" * 40_000)
    assert stage.work(handed(bench, "true", text=text)).records == {"unit": 1}
    assert stage.work(shell(bench, "exec <&-; exit 0", text=text)).size == len(text)


def test_a_program_gets_its_payload_and_a_line_end(bench: Bench, stage: Command) -> None:
    check = f'test "$(od -c | tail -1)" = {len("[1, 2]") + 1:07o}'
    stage.work(shell(bench, check, text="[1, 2]"))


def test_no_shell_looks_at_the_arguments(bench: Bench, stage: Command) -> None:
    check = "import sys; sys.exit(sys.argv[1:] != ['$HOME; exit 1', '', '*'])"
    stage.work(handed(bench, "python3", "-c", check, "$HOME; exit 1", "", "*"))


def test_a_program_ignores_no_signal(bench: Bench, stage: Command) -> None:
    ignored = "0x$(grep SigIgn /proc/self/status | cut -f 2)"
    # The C library keeps two for itself, 32 and 33.
    stage.work(shell(bench, f"test $(({ignored} & 0x7fffffff)) = 0"))


def test_what_a_program_leaves_behind_ends_with_it(bench: Bench, stage: Command) -> None:
    stage.work(shell(bench, "sleep 1000 & setsid sleep 1000 & (sleep 1000 &); exit 0"))


def test_much_output_takes_little_memory(
    bench: Bench, stage: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command.LOG, "disabled", True)
    tracemalloc.start()
    try:
        stage.work(shell(bench, "head -c 100000000 /dev/zero; yes | head -c 500000 >&2"))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2_000_000


def test_a_program_over_its_time_ends_with_all_that_it_started(
    bench: Bench, stage: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "GRACE", 0.2)
    with pytest.raises(UnitTimeout, match=r"not done after 0.3 s: nothing on standard error"):
        stage.work(shell(bench, STUBBORN, timeout=0.3))


def test_a_program_over_its_time_may_tidy_up(bench: Bench) -> None:
    tidy = "trap 'echo tidied >&2; exit 0' TERM; echo started; sleep 1000 & wait"
    bench.seed(shell(bench, tidy, timeout=5, attempts=1), handed(bench, "cat", unit=1))
    code, printed = bench.run_process()
    assert code == ExitCode.OK, printed
    [letter] = bench.dead_letters()
    assert letter.error.type == "UnitTimeout"
    assert letter.error.message == "not done after 5 s: tidied"
    assert [receipt.unit for receipt in receipts(bench)] == [1], "its worker goes on"


def running(bench: Bench, count: int) -> bool:
    return sum("sleep" in process.name() for process in programs(bench.run)) >= count


def test_a_terminated_worker_ends_its_programs_and_hands_their_units_over(bench: Bench) -> None:
    bench.seed(shell(bench, STUBBORN, attempts=1))
    with bench.process(grace_seconds=0.2, visibility_seconds=60, idle_seconds=60) as process:
        eventually(lambda: running(bench, 2))
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == ExitCode.OK
        assert programs(bench.run) == []
    [text] = bench.visible()
    assert Message.decode(text).released == 1


def test_a_program_may_finish_within_the_grace_of_its_worker(bench: Bench, tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    bench.seed(shell(bench, f"touch {flag}; while test -e {flag}; do sleep 0.05; done"))
    with bench.process(grace_seconds=60, idle_seconds=60) as process:
        eventually(flag.exists)
        process.send_signal(signal.SIGTERM)
        flag.unlink()
        assert process.wait(60) == ExitCode.OK
    assert [receipt.delivery for receipt in receipts(bench)] == [1]


def test_nothing_of_a_program_survives_a_killed_worker(bench: Bench) -> None:
    bench.seed(shell(bench, STUBBORN), shell(bench, STUBBORN, unit=1))
    with bench.process(concurrency=2) as process:
        eventually(lambda: running(bench, 4))
        process.kill()
        process.wait()
        eventually(lambda: programs(bench.run) == [])


def test_a_program_whose_guard_is_killed_ends_and_is_tried_again(
    bench: Bench, stage: Command
) -> None:
    with pytest.raises(StartError, match="guards the program ended before it"):
        stage.work(shell(bench, "sleep 1000 & kill -9 $PPID; wait"))


def test_stop_ends_programs_from_another_thread(bench: Bench, stage: Command) -> None:
    with ThreadPoolExecutor(2) as threads:
        units = [threads.submit(stage.work, shell(bench, STUBBORN, unit=n)) for n in (0, 1)]
        eventually(lambda: running(bench, 4))
        stage.stop()
        assert programs(bench.run) == []
        assert [type(unit.exception()) for unit in units] == [StartError, StartError]
    stage.stop()


def test_many_programs_at_once(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.seed(*(handed(bench, "cat", unit=unit, text=f'"{unit}"') for unit in range(40)))
    with caplog.at_level(logging.INFO):
        stages = {Stage.COMMAND: Command(bench.environment(), os.environ)}
        assert bench.drain(stages, concurrency=8, visibility_seconds=30) == ExitCode.OK
    assert [receipt.unit for receipt in receipts(bench)] == list(range(40))
    heard = [record.message for record in caplog.records if record.name == command.LOG.name]
    assert sorted(heard) == sorted(f'"{unit}"' for unit in range(40))


def test_a_payload_that_is_not_whole_is_permanent(bench: Bench, stage: Command) -> None:
    with pytest.raises(PermanentError, match="not whole"):
        stage.work(bench.message(stage=Stage.COMMAND, payload={"program": ["cat"]}))


def test_a_failure_is_transient(bench: Bench, stage: Command) -> None:
    with pytest.raises(ProgramFailed, match="exit code 1: nothing on standard error"):
        stage.work(handed(bench, "false"))
