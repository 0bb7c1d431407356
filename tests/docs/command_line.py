"""What `python -m infra` takes."""

import argparse

from infra.__main__ import _parser


def command_names() -> list[str]:
    """Of `python -m infra`."""
    return list(_commands_of(_parser()))


def options_of(command: str) -> set[str]:
    """Such as `--data`."""
    actions = _commands_of(_parser())[command]._actions
    return {option for action in actions for option in action.option_strings if option.startswith("--")} - {"--help"}


def parse(words: list[str]) -> None:
    """Raises SystemExit where there is no such command or option."""
    _parser().parse_args(words)


def _commands_of(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    [commands] = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    return dict(commands.choices)
