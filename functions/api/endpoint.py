"""The one decorator that every route wears: it declares the contract, and keeps it."""

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from http import HTTPStatus
from typing import Any, get_args

from chalice.app import Response
from pydantic import BaseModel, ConfigDict, TypeAdapter

from api.identity import Identity, identify
from api.problems import Headers, Malformed, Unexpected, UnsupportedMediaType, problem
from api.requests import Request
from api.responses import Answer, NotModified, Raw
from api.validation import MAX_BODY_BYTES, MAX_PUBLIC_BODY_BYTES, body_of, path_of, query_of
from pinhole.accounts.api_keys import Scope
from pinhole.accounts.limits import Limit
from pinhole.errors import (
    ErrorCode,
    Forbidden,
    Invalid,
    NotFound,
    PinholeError,
    TooLarge,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
)
from pinhole.telemetry import follow, logger

current_request: ContextVar[Request] = ContextVar("current_request")
"""Set by the app before it calls a view: Chalice keeps it in the app, which routes don't know."""

READ: tuple[Scope, ...] = ("read",)
UPLOAD: tuple[Scope, ...] = ("upload",)

_GIVEN = {"body", "query", "caller", "session", "request"}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What a route declares; `infra/openapi.py` reads it from the view's `endpoint` attribute."""

    name: str
    resource: str
    summary: str
    description: str
    path: Mapping[str, TypeAdapter[Any]]
    takes: frozenset[str]
    body: type[BaseModel] | None
    query: type[BaseModel] | None
    answers: Mapping[int, Any]
    produces: tuple[str, ...]
    conditional: bool
    status: int
    errors: tuple[type[PinholeError], ...]
    public: bool
    administrator: bool
    scopes: tuple[Scope, ...]
    limit: Limit | None
    max_body_bytes: int


def endpoint(
    *,
    body: type[BaseModel] | None = None,
    query: type[BaseModel] | None = None,
    answer: Any = None,
    status: int = 200,
    also: Mapping[int, Any] | None = None,
    produces: tuple[str, ...] = (),
    conditional: bool = False,
    errors: Iterable[type[PinholeError]] = (),
    public: bool = False,
    administrator: bool = False,
    scopes: tuple[Scope, ...] = ("all",),
    limit: Limit | None = None,
    max_body_bytes: int = MAX_BODY_BYTES,
) -> Callable[[Callable[..., Any]], Callable[..., Response]]:
    """Declare a route's contract:

        routes = Blueprint(__name__)

        @routes.route("/uploads/{upload_id}/parts", methods=["POST"])
        @endpoint(body=RequestParts, answer=UploadParts, errors=(Conflict,))
        def request_parts(upload_id: Id, body: RequestParts, caller: User) -> UploadParts:
            \"\"\"One line: the summary in OpenAPI. What follows is the description.\"\"\"

    The function gets what it names: path parameters (validated by their annotation; what does not match is
    404), `body` and `query` (instances of the declared models), `caller` (accounts.User), `session`
    (accounts.Session) and `request` (api.requests.Request: `address`, `holds(etag)`, `prefers(media_type)`).

    It returns an instance of `answer`, or None where there is none; `Answer(model, status=200)` for one of
    the other answers that `also` declares ({200: UploadDuplicate}), or with an `etag`, which makes it
    conditional; `Raw` for content of another type, declared in `produces`; or `NotModified(etag)`.
    `answer` and the values of `also` are models, or unions of models.

    errors: what it may raise beyond what follows from the rest: Unauthenticated and Forbidden unless `public`,
    TooManyRequests with a `limit`, NotFound with path parameters, Malformed, UnsupportedMediaType and
    TooLarge with a body, Invalid and Unavailable always.
    administrator: it is for administrators alone. Members are refused before anything that they sent is looked at.
    scopes: which scopes of an API key let it in, any of them, and `all` wherever there is one; (): no key does. None
        does where the function takes the `session`, nor with `administrator`.
    conditional: it answers 304 to a matching If-None-Match.
    max_body_bytes: what a request may bring. Who takes no body ignores one, and strangers need no more than to log in.
    limit: counts each call for the caller's address, before anything that the call brought is looked at.
    A PinholeError becomes its problem; any other exception is logged and becomes a 500 with the request id.
    """

    def declare(function: Callable[..., Any]) -> Callable[..., Response]:
        parameters = inspect.signature(function, eval_str=True).parameters
        deferred = ConfigDict(defer_build=True)
        path = {
            name: TypeAdapter(p.annotation, config=deferred) for name, p in parameters.items() if name not in _GIVEN
        }
        implied: list[type[PinholeError]] = [Invalid, Unavailable]
        implied += [] if public else [Unauthenticated, Forbidden]
        implied += [NotFound] if path else []
        implied += [TooManyRequests] if limit is not None else []
        implied += [Malformed, UnsupportedMediaType, TooLarge] if body is not None else []
        summary, _, description = (inspect.getdoc(function) or "").partition("\n")
        spec = Endpoint(
            name=function.__name__,
            resource=function.__module__.rpartition(".")[2],
            summary=summary,
            description=re.sub(r"(?<!\n)\n(?!\n)", " ", description.strip()),
            path=path,
            takes=frozenset(parameters) & _GIVEN,
            body=body,
            query=query,
            answers={status: answer, **(also or {})},
            produces=produces,
            conditional=conditional,
            status=status,
            errors=tuple(dict.fromkeys([*implied, *errors])),
            public=public,
            administrator=administrator,
            scopes=_scopes(scopes, closed=public or administrator or "session" in parameters),
            limit=limit,
            max_body_bytes=MAX_PUBLIC_BODY_BYTES if public or body is None else max_body_bytes,
        )

        @wraps(function)
        def view(**path_values: str) -> Response:
            request = current_request.get()
            try:
                return _respond(spec, request, function(**_arguments(spec, request, path_values)))
            except Unavailable as error:
                logger.error("part_unavailable", extra={"code": error.code}, exc_info=True)
                return problem(error, request.id)
            except PinholeError as error:
                return problem(error, request.id)
            except Exception:  # noqa: BLE001 (the edge: nothing behind it would answer)
                logger.exception("request_failed", extra={"route": request.route, "method": request.method})
                return problem(Unexpected("This is our fault, and it is in the log."), request.id)

        view.endpoint = spec  # type: ignore[attr-defined]
        return view

    return declare


def _arguments(spec: Endpoint, request: Request, path_values: Mapping[str, str]) -> dict[str, Any]:
    given: dict[str, Any] = {"request": request}
    if spec.limit is not None:
        spec.limit.count_address(request.address)
    if not spec.public:
        who = identify(request)
        _check_entry(spec, who)
        given |= {"session": who.session, "caller": who.caller}
    arguments = path_of(path_values, spec.path)
    follow(arguments.get("upload_id"))
    given["query"] = query_of(request, spec.query)
    if spec.body is not None:
        given["body"] = body_of(request, spec.body, spec.max_body_bytes)
    return arguments | {name: given[name] for name in spec.takes}


def _scopes(scopes: tuple[Scope, ...], *, closed: bool) -> tuple[Scope, ...]:
    return () if closed or not scopes else tuple(dict.fromkeys([*scopes, "all"]))


def _check_entry(spec: Endpoint, who: Identity) -> None:
    if who.session is None and not who.scopes & set(spec.scopes):
        raise Forbidden("This key is not for that.", code=ErrorCode.NOT_BY_THIS_KEY)
    if spec.administrator and who.caller.role != "administrator":
        raise Forbidden("Only administrators may do this.", code=ErrorCode.NOT_ADMINISTRATOR)


def _respond(spec: Endpoint, request: Request, result: Any) -> Response:
    headers: Headers = {"X-Request-Id": request.id}
    match result:
        case NotModified(etag=etag):
            return _not_modified(etag, headers)
        case Raw() if result.content_type.partition(";")[0] not in spec.produces:
            raise TypeError(f"{spec.name} answers {result.content_type}, which it does not declare")
        case Raw() | Answer():
            pass
        case _:
            result = Answer(result)
    if result.etag is not None and request.holds(result.etag):
        return _not_modified(result.etag, headers)
    headers |= {"Cache-Control": "no-store"} if result.etag is None else _validators(result.etag)
    headers |= result.headers
    if isinstance(result, Raw):
        return Response(result.content, headers | {"Content-Type": result.content_type}, spec.status)
    status = result.status or spec.status
    _check_declared(spec, status, result.body)
    if result.body is None:
        return Response("", headers, status)
    headers["Content-Type"] = "application/json"
    return Response(result.body.model_dump_json(by_alias=True), headers, status)


def _validators(etag: str) -> Headers:
    return {"ETag": etag, "Cache-Control": "private, no-cache", "Vary": "Accept, Authorization"}


def _not_modified(etag: str, headers: Headers) -> Response:
    return Response("", headers | _validators(etag), HTTPStatus.NOT_MODIFIED.value)


def _check_declared(spec: Endpoint, status: int, body: object) -> None:
    if status not in spec.answers:
        raise TypeError(f"{spec.name} answers {status}, which it does not declare")
    declared = spec.answers[status]
    if body is not None and not isinstance(body, get_args(declared) or declared or ()):
        raise TypeError(f"{spec.name} answers {type(body).__name__} with {status}, which it does not declare")
    if body is None and declared is not None:
        raise TypeError(f"{spec.name} answers nothing with {status}, but declares {declared}")
