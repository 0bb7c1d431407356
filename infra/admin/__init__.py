"""`python -m infra admin`: what operators do, on this machine and in a stack."""
