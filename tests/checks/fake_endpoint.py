"""An OpenAI-compatible server on this machine that misbehaves on demand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

JSON = {"content-type": "application/json"}


@dataclass(frozen=True)
class Fault:
    """How the server misbehaves, once."""

    status: int = 200
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    hang: bool = False
    cut: bool = False
    """Hang up without sending anything more."""


def error(status: int, message: str, code: str | None = None, **headers: str) -> Fault:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Fault(status, json.dumps({"error": {"message": message, "code": code}}), JSON | named)


def reply(**choice: Any) -> Fault:
    return Fault(200, json.dumps({"choices": [choice]}), JSON)


def chunks(*choices: dict[str, Any], cut: bool = False) -> Fault:
    lines = [f"data: {json.dumps({'choices': [c]})}\n\n" for c in choices]
    return Fault(200, "".join(lines), {"content-type": "text/event-stream"}, cut=cut)


class FakeEndpoint:
    """Speaks just enough HTTP. `faults` are used up one a request; then every request is answered."""

    def __init__(self, port: int = 0) -> None:
        self.port = port
        self.faults: list[Fault] = []
        self.seen: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.at_once = self.most_at_once = 0
        self.slow_s = 0.0
        self.left_alone = 0
        """Clients that hung up while they were kept waiting."""

    async def __aenter__(self) -> FakeEndpoint:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/v1"
        self._tasks: set[asyncio.Task[None]] = set()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._converse(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower().split("\r\n")
            headers = dict(line.split(": ", 1) for line in head[1:] if line)
            body = json.loads(await reader.readexactly(int(headers["content-length"])))
            self.seen.append(body)
            self.headers.append(headers)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            await asyncio.sleep(self.slow_s)
            await self._answer(reader, writer, self.faults.pop(0) if self.faults else self._usual(body))
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            self.at_once -= 1
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, fault: Fault) -> None:
        if fault.cut and not fault.body:
            return
        if fault.hang and not fault.body:
            await self._wait_for_the_end(reader)
            return
        # One chunk of the body and, unless cut, its end; one connection a request.
        head = [f"HTTP/1.1 {fault.status} X", "transfer-encoding: chunked", "connection: close"]
        head += [f"{name}: {value}" for name, value in fault.headers.items()]
        body = fault.body.encode()
        writer.write("\r\n".join([*head, "", ""]).encode() + f"{len(body):x}\r\n".encode() + body + b"\r\n")
        await writer.drain()
        if fault.hang:
            await self._wait_for_the_end(reader)
        elif not fault.cut:
            writer.write(b"0\r\n\r\n")
            await writer.drain()

    async def _wait_for_the_end(self, reader: asyncio.StreamReader) -> None:
        await reader.read()
        self.left_alone += 1

    @staticmethod
    def _usual(body: dict[str, Any]) -> Fault:
        last = body["messages"][-1]["content"]
        if last == "bad":
            return error(400, "This model's maximum context length is 8 tokens.", "context_length_exceeded")
        usage = {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8}
        if not body.get("stream"):
            answer = {
                "choices": [{"message": {"content": "one two three"}, "finish_reason": "stop"}],
                "usage": usage,
            }
            return Fault(200, json.dumps(answer), JSON, hang=last == "long")
        pieces = chunks(
            *({"delta": {"content": t}, "finish_reason": None} for t in ("one ", "two ", "three"))
        )
        if last == "long":
            return Fault(200, pieces.body, pieces.headers, hang=True)
        end = chunks({"delta": {}, "finish_reason": "stop"}).body
        tail = f"data: {json.dumps({'choices': [], 'usage': usage})}\n\ndata: [DONE]\n\n"
        return Fault(200, pieces.body + end + tail, pieces.headers)
