"""What azd runs around its own work, where az and azd are programs that keep what they hear."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.bicep import INFRA, Bicep
from support.tables import table

HOOKS = INFRA / "hooks"
WORKER = INFRA.parent / "worker_image"
SCOPE = "/subscriptions/0000"
# It keeps its arguments, answers with what is written for their first three, or fails.
STAND_IN = """#!{python}
import json, pathlib, sys
here = pathlib.Path(__file__).parent
with (here / "heard").open("a") as heard:
    heard.write(json.dumps([pathlib.Path(sys.argv[0]).name, *sys.argv[1:]]) + "\\n")
answers = json.loads((here / "answers.json").read_text())
answer = answers.get(" ".join(sys.argv[1:4]), "")
sys.exit(1) if answer is None else print(answer)
"""


class Programs:
    """az and azd as a hook finds them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("az", "azd"):
            (folder / name).write_text(STAND_IN.format(python=sys.executable))
            (folder / name).chmod(0o755)

    def run(self, hook: str, answers: Mapping[str, str | None], **variables: str) -> str:
        """Run a hook; what it says, and how it ends if that is not well."""
        (self.folder / "answers.json").write_text(json.dumps(answers))
        (self.folder / "heard").write_text("")
        known = {"AZURE_ENV_NAME": "dev", "AZURE_SUBSCRIPTION_ID": "0000"}
        done = subprocess.run(
            [sys.executable, HOOKS / hook],
            check=False,
            env={**os.environ, "PATH": str(self.folder), **known, **variables},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert bool(done.returncode) == bool(done.stderr)
        return done.stdout + done.stderr

    @property
    def heard(self) -> list[list[str]]:
        """The calls of the last hook."""
        return [json.loads(line) for line in (self.folder / "heard").read_text().splitlines()]


@pytest.fixture
def programs(tmp_path: Path) -> Programs:
    return Programs(tmp_path)


CONTAINER_GROUPS, NETWORK = "Microsoft.ContainerInstance", "Microsoft.App"


@table(
    "variables, names, where",
    {
        "an environment": ({}, [CONTAINER_GROUPS], ["--subscription", "0000"]),
        "one in a network": (
            {"ACI_JOBS_NETWORK_ACCESS": "private"},
            [CONTAINER_GROUPS, NETWORK],
            ["--subscription", "0000"],
        ),
        "one that has no subscription yet": (
            {"AZURE_SUBSCRIPTION_ID": ""},
            [CONTAINER_GROUPS],
            [],
        ),
    },
)
def test_providers_that_no_resource_names_are_registered(
    programs: Programs, variables: dict[str, str], names: list[str], where: list[str]
) -> None:
    assert programs.run("providers.py", {}, **variables) in {"", "\n" * len(names)}
    register = ["az", "provider", "register", "--wait", "--namespace"]
    assert programs.heard == [[*register, name, *where] for name in names]


def test_a_provider_that_is_not_registered_ends_the_deployment(programs: Programs) -> None:
    assert f"{CONTAINER_GROUPS} is not registered" in programs.run(
        "providers.py", {"provider register --wait": None}
    )


def test_without_a_registry_azd_learns_the_tag_alone(programs: Programs) -> None:
    assert "once there is a registry" in programs.run("image.py", {})
    ((program, *heard),) = programs.heard
    assert (program, heard[:3], heard[4:]) == (
        "azd",
        ["env", "set", "ACI_JOBS_WORKER_IMAGE_TAG"],
        ["--environment", "dev"],
    )


def test_an_image_that_is_not_there_is_built_from_the_workers_folder(programs: Programs) -> None:
    programs.run("image.py", {"acr repository show": None}, ACI_JOBS_REGISTRY="crdev")
    told, _, built = programs.heard
    where = ["--image", f"aci-jobs/worker:{told[4]}", "--subscription", "0000"]
    assert built == ["az", "acr", "build", "--registry", "crdev", *where, str(WORKER)]


def test_an_image_that_is_there_is_not_built_again(programs: Programs) -> None:
    assert "is in crdev" in programs.run("image.py", {}, ACI_JOBS_REGISTRY="crdev")
    assert [heard[1:3] for heard in programs.heard] == [["env", "set"], ["acr", "repository"]]


def test_a_build_that_fails_ends_the_deployment(programs: Programs) -> None:
    fails = {"acr repository show": None, "acr build --registry": None}
    assert "crdev has not built" in programs.run("image.py", fails, ACI_JOBS_REGISTRY="crdev")


def test_a_program_that_is_missing_is_named(programs: Programs) -> None:
    (programs.folder / "az").unlink()
    assert "az is needed" in programs.run("image.py", {}, ACI_JOBS_REGISTRY="crdev")


def test_the_tag_is_that_of_the_content(tmp_path: Path) -> None:
    tag = _image("tag")
    for name, content in {"a.py": "1\n", "b/c.py": "2\n", "b/__pycache__/c.pyc": "x"}.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    first = tag(tmp_path)
    (tmp_path / "b" / "__pycache__" / "c.pyc").write_text("y")
    (tmp_path / "a.py").write_bytes(b"1\r\n")
    assert tag(tmp_path) == first, "what is made from the rest, and line ends, do not count"
    (tmp_path / "a.py").rename(tmp_path / "d.py")
    assert tag(tmp_path) != first


def test_what_counts_is_what_the_repository_has() -> None:
    git = shutil.which("git")
    assert git
    listed = subprocess.run(
        [git, "ls-files", "--cached", "--others", "--exclude-standard", "."],
        cwd=WORKER,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    found = [path.relative_to(WORKER).as_posix() for path in _image("files")(WORKER)]
    assert sorted(found) == sorted(listed)


def _image(name: str) -> Any:
    """A function of the hook, which is a script and in no package."""
    spec = importlib.util.spec_from_file_location("image", HOOKS / "image.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, name)


def test_the_roles_of_an_environment_are_deleted_with_their_assignments(programs: Programs) -> None:
    roles = [
        {"name": "r1", "roleName": "aci-jobs dev quotas abc"},
        {"name": "r2", "roleName": "aci-jobs dev2 quotas abc"},
        {"name": "r3", "roleName": "Reader of dev"},
    ]
    answers = {
        "role definition list": json.dumps(roles),
        "role assignment list": json.dumps([{"id": "a1"}, {"id": "a2"}]),
    }
    assert "deleted the role aci-jobs dev quotas abc" in programs.run("leftovers.py", answers)
    deleted = [heard[1:] for heard in programs.heard if "delete" in heard]
    assert [call[:5] for call in deleted] == [
        ["role", "assignment", "delete", "--ids", "a1"],
        ["role", "assignment", "delete", "--ids", "a2"],
        ["role", "definition", "delete", "--name", "r1"],
    ]


def test_nothing_is_left_to_delete_the_second_time(programs: Programs) -> None:
    assert programs.run("leftovers.py", {"role definition list": "[]"}) == ""
    assert len(programs.heard) == 1


def test_a_refusal_of_azure_is_told(programs: Programs) -> None:
    assert "az role definition list has failed" in programs.run(
        "leftovers.py", {"role definition list": None}
    )


def test_the_roles_that_are_deleted_are_those_that_bicep_makes() -> None:
    modules = Bicep(INFRA / "main.bicep").modules.values()
    names = [module.params["name"] for module in modules if module.path.stem == "custom_role"]
    assert len(names) == 3
    assert all(name.startswith("aci-jobs ${environmentName} ") for name in names)


def test_every_hook_is_there_for_both_kinds_of_systems() -> None:
    project = yaml.safe_load((INFRA.parent / "azure.yaml").read_text())
    for hook in project["hooks"].values():
        for system in ("posix", "windows"):
            scripts = [word for word in hook[system]["run"].split() if word.endswith(".py")]
            assert all((INFRA.parent / script).is_file() for script in scripts)
    assert project["services"]["app"] == {"project": ".", "host": "function", "language": "python"}
