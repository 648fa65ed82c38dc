"""A local archive server for the tests: asyncio, loopback only. It keeps a log of what was asked, and when.

By hand, to try live harvests: `python -m tests.support.archive_server --records 123 --scenario "challenges with 200"`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
import threading
import time
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from tests.support.archive_server_site import Answer, Site

SLOW_SECONDS = 0.03


@dataclass(frozen=True)
class Requested:
    """A request: when it came, for what, with which headers, and what was answered."""

    time: float
    target: str
    headers: dict[str, str]
    status: int
    sent: int


@dataclass
class ArchiveServer:
    """Serves a site; `async with` in a running loop, `with` in a thread of its own."""

    site: Site
    tls: ssl.SSLContext | None = None
    port: int = 0
    log: list[Requested] = field(default_factory=list)
    before: Callable[[str], None] = lambda _target: None

    @property
    def base(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def requested(self, part: str) -> list[Requested]:
        """Return the logged requests whose address contains `part`."""
        return [requested for requested in self.log if part in requested.target]

    async def __aenter__(self) -> Self:
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(lambda _loop, _context: None)  # a client that was killed is no error
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self.__aenter__(), self._loop).result()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self.__aexit__(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, TimeoutError):
                while await self._once(reader, writer):
                    pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _once(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; say whether the connection goes on."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        moment, target = time.monotonic(), head[0].split(" ")[1]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        self.before(target)
        answer = self.site.answer(target, headers)
        self.log.append(Requested(moment, target, headers, answer.status, len(answer.body)))
        if answer.how == "reset":
            writer.transport.abort()
            return False
        await _send(writer, answer)
        return answer.how == "whole"


async def _send(writer: asyncio.StreamWriter, answer: Answer) -> None:
    lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"]
    if answer.how == "cut":
        lines.append("Connection: close")
    elif answer.status != 304:
        lines.append(f"Content-Length: {len(answer.body)}")
    lines += [f"{name}: {value}" for name, value in answer.headers.items()]
    body = answer.body[: len(answer.body) // 2] if answer.how in ("truncated", "cut") else answer.body
    writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
    half = len(body) // 2 if answer.how == "slow" else len(body)
    writer.write(body[:half])
    await writer.drain()
    if answer.how == "slow":
        await asyncio.sleep(SLOW_SECONDS)
        writer.write(body[half:])
        await writer.drain()


def main(arguments: list[str]) -> None:
    """Serve an archive until Ctrl-C; print how to harvest it, and each request."""
    from tests.support.archive_server_site import NEW_FROM, Site
    from tests.support.live_walks import SCENARIOS

    manners = {scenario.name: scenario.manner for scenario in SCENARIOS}
    parser = argparse.ArgumentParser(prog="python -m tests.support.archive_server", description=__doc__)
    parser.add_argument("--records", type=int, choices=range(NEW_FROM + 1), default=123, metavar="N")
    parser.add_argument("--port", type=int, default=8008)
    parser.add_argument("--seed", default="0", help="the same seed, the same misbehaviour")
    known = "; ".join(manners)
    parser.add_argument("--scenario", choices=manners, default="still, new first", metavar="NAME", help=known)
    requested = parser.parse_args(arguments)
    server = ArchiveServer(Site(requested.records, requested.seed, manners[requested.scenario]), port=requested.port)
    server.before = lambda target: print(target, flush=True)
    with contextlib.suppress(KeyboardInterrupt), server:
        print(f"harvester harvest wilson --base-url {server.base} --delay 0 --db /tmp/x.db", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main(sys.argv[1:])
