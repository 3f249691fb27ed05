"""The control plane: plans a run, watches it and cleans up after it."""
