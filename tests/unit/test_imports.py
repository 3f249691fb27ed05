"""What the import rules in `pyproject.toml` cannot see: single modules and a bare interpreter."""

import ast
import subprocess
import sys
from pathlib import Path

from support.tables import table

CHECKOUT = Path(__file__).parents[2]


def test_the_composition_root_knows_nothing_of_the_local_host() -> None:
    tree = ast.parse((CHECKOUT / "function_app.py").read_text())
    modules = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    names = [a.name for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names]
    assert modules
    assert not [name for name in modules + names if name.startswith("local_host")]


def test_the_contract_can_be_imported_without_any_package() -> None:
    command = [sys.executable, "-I", "-S", "-c"]
    code = f"import sys; sys.path.insert(0, {str(CHECKOUT)!r}); import worker_image.contract"
    subprocess.run([*command, code], check=True)


@table(
    "module, late",
    {
        "a worker, without what its makers or an ingest need": (
            "worker_image.__main__",
            {"opentelemetry", "numpy", "pydantic", "faker", "yaml", "psycopg", "pyarrow"},
        ),
        "the command line, without what a dataset, a replay or an app in Azure needs": (
            "command_line.__main__",
            {
                "opentelemetry",
                "numpy",
                "pydantic",
                "faker",
                "yaml",
                "psycopg",
                "pyarrow",
                "azure",
                "orchestration",
            },
        ),
    },
)
def test_a_program_starts_without_what_few_need(module: str, late: set[str]) -> None:
    code = f"import sys, {module}; print(*({late} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    assert (done.stdout.split(), done.stderr) == ([], "")
