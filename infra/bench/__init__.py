"""`python -m infra bench`: what Pinhole costs, each number beside the floor of the same run."""
