"""Structured logs. One event per outcome: a fixed name, values as fields; never a signed URL, a token or a position."""

from aws_lambda_powertools import Logger

logger = Logger(service="pinhole")
