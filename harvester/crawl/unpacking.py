"""Unpacks the bodies of answers by the same rules as those in web archives: one that ends early is no answer.

Scrapy's own middleware gives what there is of a gzip, brotli or zstd body that stops early.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harvester.readers.http_message import Message

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.http import Response


class Unpacking:
    """Asks for packed answers and unpacks them; raises DamageError where one is not whole."""

    def process_request(self, request: Request) -> None:
        """Say which packings are understood."""
        request.headers.setdefault("Accept-Encoding", "gzip, deflate, br, zstd")

    def process_response(self, request: Request, response: Response) -> Response:  # noqa: ARG002 - Scrapy calls it
        """Return the answer with its body as it was before it was packed."""
        encodings = response.headers.getlist("Content-Encoding")
        if not encodings:
            return response
        fields = {"content-encoding": b",".join(encodings).decode("latin-1")}
        unpacked = response.replace(body=Message(response.status, fields, response.body).unpacked())
        del unpacked.headers["Content-Encoding"]
        return unpacked
