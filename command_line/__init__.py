"""Commands for people who write datasets: `python -m command_line --help`."""
