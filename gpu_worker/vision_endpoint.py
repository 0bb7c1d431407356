"""An endpoint that speaks OpenAI's chat completions, and answers questions about pictures by a JSON schema."""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, TypeVar

from pydantic import BaseModel, Field, ValidationError

from gpu_worker import posting
from gpu_worker.posting import Answer, Unanswered, Unreachable

LONGEST_REPORT = 600  # characters

A = TypeVar("A", bound=BaseModel)
Message = Mapping[str, Any]


class Refused(Exception):
    """It will not speak about this picture."""


class NoAnswer(Exception):
    """It said nothing that can be used.

    counts: whether that may be the picture's fault. pause: whether it would serve no other picture either, now.
    retry_after: the seconds that it wishes to be left alone; None where it does not say.
    """

    def __init__(self, report: str, *, counts: bool, pause: bool, retry_after: float | None = None) -> None:
        super().__init__(report)
        self.counts = counts
        self.pause = pause
        self.retry_after = retry_after


class _Said(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    message: _Said
    finish_reason: str | None = None


class _Completion(BaseModel):
    choices: list[_Choice] = Field(min_length=1)


def plain(text: str) -> str:
    """In one line, without what PostgreSQL can't keep and what terminals obey."""
    return " ".join("".join(char for char in text if char.isprintable() or char.isspace()).split())


class Endpoint:
    """url: its base, such as https://api.openai.com/v1. key: may be empty. seconds: that an answer may take."""

    def __init__(self, url: str, model: str, key: str, seconds: float) -> None:
        self._url = f"{url.rstrip('/')}/chat/completions"
        self._model = model
        self._key = key
        self._seconds = seconds

    def ask(self, messages: Sequence[Message], answer: type[A]) -> A:
        """What it answers. `answer`: the shape, all of whose fields are required.

        Raises Refused and NoAnswer. Their text quotes it, but is plain and short, and without the key.
        """
        schema = {"name": answer.__name__.lower(), "strict": True, "schema": answer.model_json_schema()}
        asked = {
            "model": self._model,
            "messages": messages,
            "response_format": {"type": "json_schema", "json_schema": schema},
        }
        try:
            return self._read(self._post(asked), answer)
        except (Refused, NoAnswer) as error:
            error.args = (self._report(str(error)),)
            raise

    def _post(self, asked: Mapping[str, Any]) -> Answer:
        headers = {"Content-Type": "application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        try:
            return posting.post(self._url, headers, json.dumps(asked).encode(), self._seconds)
        except Unreachable as error:
            raise NoAnswer(f"It can't be reached: {error}", counts=False, pause=True) from error
        except Unanswered as error:
            raise NoAnswer(f"It did not answer: {error}", counts=True, pause=True) from error

    def _read(self, answered: Answer, answer: type[A]) -> A:
        if answered.status != HTTPStatus.OK:
            raise _failed(answered)
        if answered.encoding:
            raise NoAnswer(f"It answers in {answered.encoding}, which it was not asked for.", counts=False, pause=True)
        try:
            choice = _Completion.model_validate_json(answered.body).choices[0]
        except ValidationError as error:
            said = answered.body.decode(errors="replace")
            raise NoAnswer(f"It did not speak as OpenAI does: {said}", counts=True, pause=False) from error
        if choice.message.refusal or choice.finish_reason == "content_filter":
            raise Refused(f"The model refused: {choice.message.refusal or choice.finish_reason}")
        content = choice.message.content or ""
        try:
            return answer.model_validate_json(content)
        except ValidationError as error:
            names = {".".join(map(str, each["loc"])) or "the whole" for each in error.errors()}
            wrong = ", ".join(sorted(names))
            raise NoAnswer(f"Its answer is not of the schema ({wrong}): {content}", counts=True, pause=False) from error

    def _report(self, text: str) -> str:
        report = plain(text)
        return (report.replace(self._key, "…") if self._key else report)[:LONGEST_REPORT]


def _failed(answered: Answer) -> NoAnswer:
    status, after = answered.status, answered.retry_after
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND):
        return NoAnswer(f"It refuses the key, or has no such model or address: {status}", counts=False, pause=True)
    # A redirect is no picture's fault; what it says of a request with a picture may well be.
    passing = status == HTTPStatus.TOO_MANY_REQUESTS or status < HTTPStatus.BAD_REQUEST
    return NoAnswer(
        f"It answered {status}: {answered.body.decode(errors='replace')}",
        counts=not passing,
        pause=passing or status >= HTTPStatus.INTERNAL_SERVER_ERROR,
        retry_after=float(after) if after and after.isdecimal() else None,
    )
