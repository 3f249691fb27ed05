"""Units of a run made again on this machine, by the worker's own code."""
