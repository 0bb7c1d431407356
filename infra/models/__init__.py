"""`python -m infra models`: fetches the files of a model set, and converts what is not in ONNX."""
