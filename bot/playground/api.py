"""``/api``: what the page and the tests do as people, and what tests do to the server."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from urllib.parse import quote

from pydantic import TypeAdapter, ValidationError
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from bot.errors import RequestError
from bot.playground import wire
from bot.playground.faults import Fault
from bot.playground.gateway import Gateway
from bot.playground.methods.commands import commands_shown
from bot.playground.methods.registry import checked
from bot.playground.model import CallbackQuery, Chat, Json, Message, Topic
from bot.playground.people import People
from bot.playground.permissions import PersonError
from bot.playground.refusals import ApiRefusal
from bot.playground.world import World

KEEP_ALIVE_S = 15.0
_INSIDE_CHARACTERS = 1000
PICTURES = ("image/png", "image/jpeg")

_Handler = Callable[[Request], Awaitable[Response]]
Inside = Callable[[str, int | None], Awaitable[Json]]
_FIELDS = TypeAdapter(dict[str, Any])


class PeopleApi:
    """The handlers of ``/api`` and ``/events``.

    Args:
        world: Whose people act.
        gateway: Whose faults, limits and calls tests look after.
        extras: What else the page should know, such as the ids of the seeded classroom.

    Attributes:
        inside: Says what the model makes of a text, up to so many of its pieces or of them all,
            if there is one that can be asked.
    """

    def __init__(self, world: World, gateway: Gateway, extras: Json) -> None:
        self._world = world
        self._gateway = gateway
        self._people = People(world)
        self._extras = extras
        self.inside: Inside | None = None

    def routes(self) -> list[Route]:
        """Return the routes, to be mounted at the root."""
        people = self._people
        get: dict[str, _Handler] = {
            "/events": self._events,
            "/api/state": self._state,
            "/api/commands": self._commands,
            "/api/calls": self._calls,
            "/api/faults": self._due_faults,
            "/api/files/{file_id}/{name}": self._file,
        }
        post: dict[str, Callable[..., Any]] = {
            "messages": people.send,
            "messages/edit": people.edit,
            "messages/delete": people.delete,
            "press": people.press,
            "react": people.react,
            "vote": people.vote,
            "start": people.start,
            "stop": people.stop_draft,
            "block": people.block,
            "unblock": people.unblock,
            "chats": people.create_chat,
            "topics": people.create_topic,
            "topics/close": people.close_topic,
            "members": people.set_status,
            "migrate": people.migrate,
            "faults": self._add_fault,
            "faults/clear": self._gateway.faults.clear,
            "limits": self._gateway.limits.set,
        }
        return [
            *(Route(path, _guarded(handler), methods=["GET"]) for path, handler in get.items()),
            *(
                Route(f"/api/{path}", _guarded(self._doing(act)), methods=["POST"])
                for path, act in post.items()
            ),
            Route("/api/files", _guarded(self._send_file), methods=["POST"]),
            Route("/api/inside", _guarded(self._look_inside), methods=["POST"]),
        ]

    def _doing(self, act: Callable[..., Any]) -> _Handler:
        """Return a handler that calls something with the fields of a JSON body."""
        act = checked(act)

        async def handler(request: Request) -> Response:
            return self._done(act(**_FIELDS.validate_json(await request.body() or b"{}")))

        return handler

    def _done(self, result: object) -> Response:
        match result:
            case Message():
                return JSONResponse(wire.page_message_json(result))
            case Chat():
                return JSONResponse(wire.page_chat_json(result, self._world.now()))
            case Topic():
                return JSONResponse(wire.topic_json(result))
            case CallbackQuery():
                return JSONResponse({"query_id": result.id})
        return JSONResponse({"ok": True})

    # Reading.

    async def _state(self, _: Request) -> Response:
        world = self._world
        return JSONResponse(
            {
                "bot": wire.user_json(world.bot),
                "users": [wire.user_json(user) for user in world.users.values()],
                "chats": [
                    {
                        **wire.page_chat_json(chat, world.now()),
                        "messages": [wire.page_message_json(m) for m in chat.messages.values()],
                    }
                    for chat in world.chats.values()
                ],
                "last_seq": world.changes.last_seq,
                "has_inside": self.inside is not None,
                **self._extras,
            }
        )

    async def _events(self, request: Request) -> Response:
        last = request.headers.get("last-event-id") or request.query_params.get("after", "0")
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        return StreamingResponse(
            self._event_stream(int(last)), media_type="text/event-stream", headers=headers
        )

    async def _event_stream(self, after: int) -> AsyncIterator[str]:
        yield ": open\n\n"
        while not self._world.changes.is_closed:
            changes = await self._world.changes.wait(after, KEEP_ALIVE_S)
            if not changes:
                yield ": still here\n\n"
            for change in changes:
                after = change.seq
                data = json.dumps(change.as_json(), ensure_ascii=False)
                yield f"id: {change.seq}\ndata: {data}\n\n"

    async def _commands(self, request: Request) -> Response:
        chat_id = int(request.query_params["chat_id"])
        user_id = int(request.query_params["user_id"])
        if chat_id not in self._world.chats or user_id not in self._world.users:
            raise PersonError("no_such_chat")
        return JSONResponse(commands_shown(self._world, chat_id, user_id))

    async def _file(self, request: Request) -> Response:
        file = self._world.files.get(request.path_params["file_id"])
        if file is None:
            raise PersonError("no_such_file")
        if file.size is not None and file.mime_type in PICTURES:
            return Response(file.data, media_type=file.mime_type)
        disposition = f"attachment; filename*=UTF-8''{quote(file.file_name)}"
        headers = {"content-disposition": disposition}
        return Response(file.data, media_type="application/octet-stream", headers=headers)

    async def _calls(self, request: Request) -> Response:
        after = int(request.query_params.get("after", "0"))
        method = request.query_params.get("method", "").lower()
        calls = [
            call.as_json()
            for call in self._gateway.calls
            if call.seq > after and method in ("", call.method.lower())
        ]
        return JSONResponse(calls)

    async def _look_inside(self, request: Request) -> Response:
        fields = _FIELDS.validate_json(await request.body())
        text, upto = str(fields.get("text", "")), fields.get("upto")
        if not text.strip():
            raise PersonError("empty")
        if len(text) > _INSIDE_CHARACTERS:
            raise PersonError("too_long")
        if self.inside is None:
            raise PersonError("away")
        try:
            return JSONResponse(await self.inside(text, upto and int(upto)))
        except RequestError as error:
            raise PersonError("away") from error

    async def _due_faults(self, _: Request) -> Response:
        return JSONResponse([fault.model_dump() for fault in self._gateway.faults.due])

    # Doing.

    async def _send_file(self, request: Request) -> Response:
        """Send what a form holds: a picture as a photo, anything else as a document."""
        async with request.form() as form:
            part = form.get("file")
            if not isinstance(part, UploadFile):
                raise PersonError("no_file")
            fields: dict[str, Any] = {n: v for n, v in form.items() if isinstance(v, str)}
            kind = part.content_type or "application/octet-stream"
            file = self._world.add_file(await part.read(), part.filename or "file", kind)
        is_photo = file.size is not None and kind in PICTURES
        fields["photo" if is_photo else "document"] = file
        return self._done(checked(self._people.send)(**fields))

    def _add_fault(self, **fields: Any) -> None:
        self._gateway.faults.add(Fault.model_validate(fields))


def _guarded(handler: _Handler) -> _Handler:
    """Turn what people can't do into 400 answers with a word for programs."""

    async def guarded(request: Request) -> Response:
        try:
            return await handler(request)
        except PersonError as error:
            return JSONResponse({"error": error.reason}, 400)
        except ApiRefusal as refusal:
            return JSONResponse({"error": refusal.description}, 400)
        except ValidationError as error:
            details = error.errors(include_url=False, include_context=False, include_input=False)
            return JSONResponse({"error": "wrong_body", "details": details}, 400)
        except (KeyError, ValueError) as error:
            return JSONResponse({"error": "wrong_query", "details": str(error)}, 400)

    return guarded
