"""Deletes what an environment has outside its resource groups: its roles, and who has them.

azd runs this once it has taken an environment down. `main.bicep` names the roles.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from functools import partial
from typing import Any


def az(subscription: str, *arguments: str) -> Any:
    """What Azure answers about a subscription.

    Raises:
        SystemExit: az is not installed, or has refused.
    """
    found = shutil.which("az")
    if found is None:
        raise SystemExit("az is needed: docs/deploy.md tells where to get it")
    command = [found, *arguments, "--subscription", subscription, "--output", "json"]
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE)
    if done.returncode:
        raise SystemExit(f"az {' '.join(arguments[:3])} has failed")
    return json.loads(done.stdout.strip() or "null")


def main(environment: Mapping[str, str]) -> None:
    """Delete the custom roles of the environment with their assignments; done twice, nothing."""
    subscription = environment["AZURE_SUBSCRIPTION_ID"]
    scope = f"/subscriptions/{subscription}"
    begins = f"aci-jobs {environment['AZURE_ENV_NAME']} "
    ask = partial(az, subscription)
    for role in ask("role", "definition", "list", "--custom-role-only", "true", "--scope", scope):
        if not role["roleName"].startswith(begins):
            continue
        which = ("--role", role["name"], "--scope", scope, "--fill-principal-name", "false")
        for assignment in ask("role", "assignment", "list", *which):
            ask("role", "assignment", "delete", "--ids", assignment["id"])
        ask("role", "definition", "delete", "--name", role["name"], "--scope", scope)
        print(f"deleted the role {role['roleName']}")


if __name__ == "__main__":
    main(os.environ)
