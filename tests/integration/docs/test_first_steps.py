"""The page of first steps: its dataset and its jobs are sound."""

import re

import yaml

from local_host.system import CHECKOUT
from orchestration.model import RunRequest
from worker_image.generator import load, parse

PAGE = (CHECKOUT / "docs" / "first-steps.md").read_text()
DATASET, *JOBS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def test_what_the_page_shows_is_accepted() -> None:
    assert parse(load(DATASET)).name == "club"
    pipeline, ingest = map(yaml.safe_load, JOBS)
    assert pipeline["dataset"] == "club.yaml"
    RunRequest.model_validate({**pipeline, "dataset": "club"})
    RunRequest.model_validate(ingest)
