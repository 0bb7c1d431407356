"""What operators ask for by `python -m infra admin`. Whoever may invoke this function may do all of it."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from admin import commands
from pinhole.errors import PinholeError
from pinhole.telemetry import follow


def handle(event: dict[str, Any], _context: LambdaContext) -> Any:
    """Event: `{"command": name, "arguments": {...}}`. `{"answer": ...}`, or `{"error": {"code", "detail"}}`."""
    follow(None)
    try:
        return {"answer": commands.run(event["command"], event["arguments"])}
    except PinholeError as error:
        return {"error": {"code": error.code, "detail": error.detail}}
