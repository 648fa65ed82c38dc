"""A receiver of webhooks on loopback, which takes, refuses or hangs."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


class Webhook:
    """Keeps what it got. `answers`: for each request a status, or `hang`; after these it takes everything."""

    def __init__(self, *answers: int | str) -> None:
        self.answers = list(answers)
        self.got: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.requested = 0
        self.end = threading.Event()
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                hook.requested += 1
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                answer = hook.answers.pop(0) if hook.answers else 204
                if answer == "hang":
                    hook.end.wait()
                    return
                if answer == 204:
                    hook.headers.append(dict(self.headers))
                    hook.got.append(body)
                self.send_response(int(answer))
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}/hook/of-nobody-else"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end.set()
        self._server.shutdown()
        self._server.server_close()
