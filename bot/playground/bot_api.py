"""The Bot API over HTTP: reading parameters in every form that bots send them."""

import json

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from bot.playground.gateway import Gateway
from bot.playground.methods.parameters import Upload, with_attachments
from bot.playground.refusals import ApiRefusal
from bot.playground.wire import file_path
from bot.playground.world import World
from bot.serving import DisconnectedError, unless_disconnected

OWN_HEADER = "x-playground"
"""Without this header, which other sites can't send unasked, nothing is done on a GET."""


class BrokenResponse(Response):
    """A response that breaks its connection, after the first half of its body or before all."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send what is sent and abort."""
        if half := bytes(self.body[: len(self.body) // 2]):
            start = {"status": self.status_code, "headers": self.raw_headers}
            await send({"type": "http.response.start", **start})
            await send({"type": "http.response.body", "body": half, "more_body": True})
        scope["state"]["abort"]()
        # Returning before the server has noticed would count as an answer left out.
        while (await receive())["type"] != "http.disconnect":
            pass


async def serve_method(request: Request, gateway: Gateway) -> Response:
    """Answer ``/bot<token>/<method>``."""
    if request.method == "GET" and OWN_HEADER not in request.headers:
        refusal = ApiRefusal(405, f"Method Not Allowed: use POST, or send the header {OWN_HEADER}")
        return JSONResponse(refusal.as_json(), 405)
    token, method = request.path_params["token"], request.path_params["method"]
    try:
        raw = await read_parameters(request)
    except ValueError as error:
        refusal = ApiRefusal(400, f"Bad Request: can't parse the request: {error}")
        return JSONResponse(refusal.as_json(), 400)
    call = gateway.call(token, method, raw)
    if method.lower() == "getupdates":
        # A long poll that nobody waits for any more would stand in the next one's way.
        try:
            answer = await unless_disconnected(request.receive, call)
        except DisconnectedError:
            return BrokenResponse()
    else:
        answer = await call
    if answer.arrives == "never":
        return BrokenResponse()
    if answer.arrives == "half":
        return BrokenResponse(answer.content, answer.status, media_type=answer.media_type)
    headers = {}
    parameters = (isinstance(answer.body, dict) and answer.body.get("parameters")) or {}
    if "retry_after" in parameters:
        headers["retry-after"] = str(parameters["retry_after"])
    return Response(answer.content, answer.status, headers, answer.media_type)


async def read_parameters(request: Request) -> dict[str, object]:
    """Return the parameters of a request: query string, then form, multipart or JSON body.

    Parts with a file become :class:`Upload`; ``attach://NAME`` is replaced by the part ``NAME``.

    Raises:
        ValueError: A body that can't be read.
    """
    values: dict[str, object] = dict(request.query_params)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        body = json.loads(await request.body() or b"{}")
        if not isinstance(body, dict):
            raise ValueError("the JSON body must be an object")
        values.update(body)
    elif kind in ("application/x-www-form-urlencoded", "multipart/form-data"):
        async with request.form(max_part_size=60 * 1024 * 1024) as form:
            for name, value in form.items():
                values[name] = await _upload(value) if isinstance(value, UploadFile) else value
    return with_attachments(values)


async def _upload(part: UploadFile) -> Upload:
    return Upload(
        file_name=part.filename or "file",
        mime_type=part.content_type or "application/octet-stream",
        data=await part.read(),
    )


async def serve_file(request: Request, gateway: Gateway, world: World) -> Response:
    """Answer ``/file/bot<token>/<path>``."""
    try:
        gateway.check_token(request.path_params["token"])
    except ApiRefusal as refusal:
        return JSONResponse(refusal.as_json(), refusal.status)
    path = request.path_params["path"]
    for file in world.files.values():
        if file_path(file) == path:
            return Response(file.data, media_type="application/octet-stream")
    return JSONResponse(ApiRefusal(404, "Not Found").as_json(), 404)
