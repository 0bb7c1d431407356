"""The system on one machine: `python -m infra up`, and every check: `python -m infra test`."""
