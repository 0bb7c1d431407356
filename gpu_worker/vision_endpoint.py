"""An endpoint that speaks OpenAI's chat completions, and answers questions about pictures by a JSON schema."""

import time
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, TypeVar

import urllib3
from pydantic import BaseModel, Field, ValidationError
from urllib3.exceptions import HTTPError, NewConnectionError

MAX_ANSWER_BYTES = 1_000_000
QUOTED = 500  # characters of an answer, in a report

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


class Endpoint:
    """url: its base, such as https://api.openai.com/v1. key: may be empty. seconds: that an answer may take."""

    def __init__(self, url: str, model: str, key: str, seconds: float) -> None:
        self._url = f"{url.rstrip('/')}/chat/completions"
        self._model = model
        self._key = key
        self._seconds = seconds
        self._pool = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(connect=10, read=seconds))

    def ask(self, messages: Sequence[Message], answer: type[A]) -> A:
        """What it answers. `answer`: the shape, all of whose fields are required.

        Raises Refused and NoAnswer.
        """
        schema = {"name": answer.__name__.lower(), "strict": True, "schema": answer.model_json_schema()}
        asked = {
            "model": self._model,
            "messages": messages,
            "response_format": {"type": "json_schema", "json_schema": schema},
        }
        status, retry_after, body = self._post(asked)
        if status != HTTPStatus.OK:
            raise self._failed(status, retry_after, body)
        try:
            choice = _Completion.model_validate_json(body).choices[0]
        except ValidationError as error:
            raise NoAnswer(
                f"It did not speak as OpenAI does: {self._quoted(body)}", counts=True, pause=False
            ) from error
        if choice.message.refusal or choice.finish_reason == "content_filter":
            raise Refused(f"The model refused: {choice.message.refusal or choice.finish_reason}"[:QUOTED])
        try:
            return answer.model_validate_json(choice.message.content or "")
        except ValidationError as error:
            wrong = ", ".join(sorted({".".join(map(str, each["loc"])) or "the whole" for each in error.errors()}))
            said = self._quoted((choice.message.content or "").encode())
            raise NoAnswer(f"Its answer is not of the schema ({wrong}): {said}", counts=True, pause=False) from error

    def _post(self, asked: Mapping[str, Any]) -> tuple[int, str | None, bytes]:
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        until = time.monotonic() + self._seconds
        try:
            # Redirects are not followed: the key is for this host.
            response = self._pool.request(
                "POST", self._url, json=asked, headers=headers, redirect=False, preload_content=False
            )
            body = b""
            for chunk in response.stream(65536):
                body += chunk
                if len(body) > MAX_ANSWER_BYTES or time.monotonic() > until:
                    response.close()
                    raise NoAnswer("Its answer does not end.", counts=True, pause=True)
            response.release_conn()
        except NewConnectionError as error:
            raise NoAnswer("It can't be reached.", counts=False, pause=True) from error
        except HTTPError as error:
            raise NoAnswer(f"It did not answer: {type(error).__name__}", counts=True, pause=True) from error
        return response.status, response.headers.get("Retry-After"), body

    def _failed(self, status: int, retry_after: str | None, body: bytes) -> NoAnswer:
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND):
            return NoAnswer(f"It refuses the key, or has no such model or address: {status}", counts=False, pause=True)
        seconds = float(retry_after) if retry_after and retry_after.isdecimal() else None
        # A redirect is no picture's fault; what it says of a request with a picture may well be.
        passing = status == HTTPStatus.TOO_MANY_REQUESTS or status < HTTPStatus.BAD_REQUEST
        return NoAnswer(
            f"It answered {status}: {self._quoted(body)}",
            counts=not passing,
            pause=passing or status >= HTTPStatus.INTERNAL_SERVER_ERROR,
            retry_after=seconds,
        )

    def _quoted(self, body: bytes) -> str:
        text = body.decode(errors="replace").replace("\0", " ")
        return (text.replace(self._key, "…") if self._key else text)[:QUOTED]
