"""What several tests need; its assertions say what they found, as those of tests do."""

import pytest

pytest.register_assert_rewrite(
    *(f"support.{name}" for name in ("container_instances", "functions_host", "runs", "worker"))
)
