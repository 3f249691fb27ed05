"""The command line: `aci-jobs --help`, or `python -m command_line --help`."""
