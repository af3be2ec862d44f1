"""``/api``: what the page and the tests do as people, and what tests do to the server."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar
from urllib.parse import quote

from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from bot.playground import bodies, wire
from bot.playground.faults import Fault
from bot.playground.gateway import Gateway
from bot.playground.methods.commands import commands_shown
from bot.playground.model import Json, Message
from bot.playground.people import People
from bot.playground.permissions import PersonError
from bot.playground.refusals import ApiRefusal
from bot.playground.world import World

KEEP_ALIVE_S = 15.0

B = TypeVar("B", bound=BaseModel)
_Handler = Callable[[Request], Awaitable[Response]]


class PeopleApi:
    """The handlers of ``/api`` and ``/events``.

    Args:
        world: Whose people act.
        gateway: Whose faults, limits and calls tests look after.
        extras: What else the page should know, such as the ids of the seeded classroom.
    """

    def __init__(self, world: World, gateway: Gateway, extras: Json) -> None:
        self._world = world
        self._gateway = gateway
        self._people = People(world)
        self._extras = extras

    def routes(self) -> list[Route]:
        """Return the routes, to be mounted at the root."""
        get: dict[str, _Handler] = {
            "/events": self._events,
            "/api/state": self._state,
            "/api/commands": self._commands,
            "/api/calls": self._calls,
            "/api/faults": self._due_faults,
            "/api/files/{file_id}/{name}": self._file,
        }
        post: dict[str, _Handler] = {
            "/api/messages": self._send,
            "/api/documents": self._send_document,
            "/api/messages/edit": self._edit,
            "/api/messages/delete": self._delete,
            "/api/press": self._press,
            "/api/react": self._react,
            "/api/start": self._start,
            "/api/stop": self._stop,
            "/api/block": self._block,
            "/api/unblock": self._unblock,
            "/api/chats": self._create_chat,
            "/api/topics": self._create_topic,
            "/api/topics/close": self._close_topic,
            "/api/members": self._set_status,
            "/api/migrate": self._migrate,
            "/api/faults": self._add_fault,
            "/api/faults/clear": self._clear_faults,
            "/api/limits": self._set_limits,
        }
        return [
            Route(path, _guarded(handler), methods=["GET"]) for path, handler in get.items()
        ] + [Route(path, _guarded(handler), methods=["POST"]) for path, handler in post.items()]

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
                        "messages": [
                            wire.page_message_json(message) for message in chat.messages.values()
                        ],
                    }
                    for chat in world.chats.values()
                ],
                "last_seq": world.changes.last_seq,
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
        disposition = f"attachment; filename*=UTF-8''{quote(file.file_name)}"
        return Response(
            file.data,
            media_type="application/octet-stream",
            headers={"content-disposition": disposition},
        )

    # Acting as a person.

    async def _send(self, request: Request) -> Response:
        body = await _read(request, bodies.Send)
        return _sent(self._people.send(**body.model_dump()))

    async def _send_document(self, request: Request) -> Response:
        async with request.form() as form:
            part = form.get("document")
            if not isinstance(part, UploadFile):
                raise PersonError("no_document")
            fields = {name: value for name, value in form.items() if isinstance(value, str)}
            body = bodies.Send.model_validate(fields)
            file = self._world.add_file(
                await part.read(),
                part.filename or "file",
                part.content_type or "application/octet-stream",
            )
        return _sent(self._people.send(**body.model_dump(), document=file))

    async def _edit(self, request: Request) -> Response:
        body = await _read(request, bodies.Edit)
        return _sent(self._people.edit(**body.model_dump()))

    async def _delete(self, request: Request) -> Response:
        body = await _read(request, bodies.OneMessage)
        self._people.delete(**body.model_dump())
        return _done()

    async def _press(self, request: Request) -> Response:
        body = await _read(request, bodies.Press)
        query = self._people.press(**body.model_dump())
        return JSONResponse({"query_id": query.id})

    async def _react(self, request: Request) -> Response:
        body = await _read(request, bodies.React)
        self._people.react(**body.model_dump())
        return _done()

    async def _start(self, request: Request) -> Response:
        body = await _read(request, bodies.Start)
        return _sent(self._people.start(body.user_id, body.payload))

    async def _stop(self, request: Request) -> Response:
        body = await _read(request, bodies.User)
        self._people.stop_draft(body.user_id)
        return _done()

    async def _block(self, request: Request) -> Response:
        self._people.block((await _read(request, bodies.User)).user_id)
        return _done()

    async def _unblock(self, request: Request) -> Response:
        self._people.unblock((await _read(request, bodies.User)).user_id)
        return _done()

    # Changing who is there.

    async def _create_chat(self, request: Request) -> Response:
        body = await _read(request, bodies.NewChat)
        chat = self._people.create_chat(**body.model_dump())
        return JSONResponse(wire.page_chat_json(chat, self._world.now()))

    async def _create_topic(self, request: Request) -> Response:
        body = await _read(request, bodies.NewTopic)
        topic = self._people.create_topic(**body.model_dump())
        return JSONResponse(wire.topic_json(topic))

    async def _close_topic(self, request: Request) -> Response:
        body = await _read(request, bodies.CloseTopic)
        self._people.close_topic(**body.model_dump())
        return _done()

    async def _set_status(self, request: Request) -> Response:
        body = await _read(request, bodies.SetStatus)
        self._people.set_status(**body.model_dump())
        return _done()

    async def _migrate(self, request: Request) -> Response:
        body = await _read(request, bodies.Place)
        chat = self._people.migrate(**body.model_dump())
        return JSONResponse(wire.page_chat_json(chat, self._world.now()))

    # Changing and watching the Bot API.

    async def _calls(self, request: Request) -> Response:
        after = int(request.query_params.get("after", "0"))
        method = request.query_params.get("method", "").lower()
        calls = [
            call.as_json()
            for call in self._gateway.calls
            if call.seq > after and method in ("", call.method.lower())
        ]
        return JSONResponse(calls)

    async def _due_faults(self, _: Request) -> Response:
        return JSONResponse([fault.model_dump() for fault in self._gateway.faults.due])

    async def _add_fault(self, request: Request) -> Response:
        self._gateway.faults.add(await _read(request, Fault))
        return _done()

    async def _clear_faults(self, _: Request) -> Response:
        self._gateway.faults.clear()
        return _done()

    async def _set_limits(self, request: Request) -> Response:
        limits = await _read(request, bodies.Limits)
        self._gateway.limits.is_on = limits.is_on
        self._gateway.limits.counts_reactions = limits.counts_reactions
        return _done()


def _sent(message: Message) -> Response:
    return JSONResponse(wire.page_message_json(message))


def _done() -> Response:
    return JSONResponse({"ok": True})


async def _read(request: Request, body: type[B]) -> B:
    return body.model_validate_json(await request.body())


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
