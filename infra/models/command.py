"""`python -m infra models`."""

from pathlib import Path

from infra.bootstrap import CannotStart, say
from infra.models import fetch
from pinhole_models import model_set
from pinhole_models.model_directory import default_directory
from pinhole_models.roles import ModelError


def run(name: str, directory: Path | None) -> int:
    """Fetch a set into a directory, or into the default one. Returns the exit code.

    Raises:
        CannotStart: there is no such set, or it can't be fetched.
    """
    directory = directory or default_directory()
    try:
        models = model_set.read(name, directory)
        fetch.fetch(models)
    except ModelError as error:
        raise CannotStart(str(error)) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise CannotStart(f"Models can't be kept in {directory} ({reason}): name another with --directory") from error
    size = sum((models.directory / path).stat().st_size for path in models.files)
    say(f"The models of {models.name} are in {models.directory}: {size / 1e6:.0f} MB")
    return 0
