"""The data plane: the worker that a container runs, copied whole into its image."""
