"""LocalStack without Docker, and the deployment into it: for the tests that judge the template."""
