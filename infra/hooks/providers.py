"""Registers the resource providers that no resource of the templates names.

azd runs this before and after it provisions: before, as a network needs them; after, as a new
environment may have had no subscription then.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping


def needed(environment: Mapping[str, str]) -> Iterator[str]:
    """Their names."""
    yield "Microsoft.ContainerInstance"  # the app makes the container groups
    if environment.get("ACI_JOBS_NETWORK_ACCESS") == "private":
        yield "Microsoft.App"  # the app's subnet is delegated to it


def main(environment: Mapping[str, str]) -> None:
    """Register them and wait until they are; done twice, nothing.

    Raises:
        SystemExit: az is not installed, or has refused.
    """
    az = shutil.which("az")
    if az is None:
        raise SystemExit("az is needed: docs/deploy.md tells where to get it")
    subscription = environment.get("AZURE_SUBSCRIPTION_ID")
    where = ("--subscription", subscription) if subscription else ()
    for name in needed(environment):
        register = (az, "provider", "register", "--wait", "--namespace", name, *where)
        if subprocess.run(register, check=False).returncode:
            raise SystemExit(f"the resource provider {name} is not registered")


if __name__ == "__main__":
    main(os.environ)
