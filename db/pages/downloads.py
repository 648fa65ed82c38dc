"""Streams documents as a file, without holding up other requests: all that a search finds, or those of a table."""

from __future__ import annotations

import asyncio
import json
import time
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from datasette.utils.asgi import AsgiStream

from . import responses
from .databases import catalogues
from .exports import json_list, read_documents
from .facet_counts import count
from .queries import with_reader
from .search import ordered_ids

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from datasette.app import Datasette
    from datasette.utils.asgi import Request

    from .exports import Format
    from .queries import Reader
    from .search import SearchAnswer

    Documents = Callable[..., Iterator[dict[str, Any]]]

PIECE = 50
"""Documents that are written before other requests are served."""


def stream_download(answer: SearchAnswer, format_: Format) -> AsgiStream:
    """Return a stream of all documents found, in a format."""
    write = _writer(answer.datasette, answer.request, format_)
    return _stream(
        answer.datasette, answer.request, _ids_found(answer), write, format_.media_type, f"documents.{format_.ending}"
    )


def stream_documents(
    datasette: Datasette, request: Request, database: str, ids: Sequence[int], format_: Format, name: str
) -> AsgiStream:
    """Return a stream of documents in a format, as a file of a name."""
    write = _writer(datasette, request, format_)
    return _stream(datasette, request, {database: lambda _: ids}, write, format_.media_type, f"{name}.{format_.ending}")


def _ids_found(answer: SearchAnswer) -> Mapping[str, Callable[[Reader], Sequence[int]]]:
    return {name: partial(ordered_ids, question=answer.question, found=found) for name, found in answer.found.items()}


def _writer(datasette: Datasette, request: Request, format_: Format) -> Callable[[Documents], Iterator[str]]:
    names, address = catalogues(datasette), responses.permalinks(datasette, request)

    def write(read: Documents) -> Iterator[str]:
        return format_.write(read(texts=format_.ending == "jsonl"), names, address)

    return write


def stream_json(answer: SearchAnswer) -> AsgiStream:
    """Return a stream of all documents found as JSON, with the counts of facets."""
    counts = count(answer.found, answer.question)
    head = {"query": answer.question.query(), "total": answer.total, "notes": answer.question.remarks}
    tail = {"counts": counts, "next": None}

    def address(name: str, row: dict[str, Any]) -> str:
        link = responses.linker(answer.datasette, name)
        return responses.absolute_url(answer.datasette, answer.request, link(responses.document_path(row["key"])))

    def write(read: Documents) -> Iterator[str]:
        rows = ({**row, "page": address(row.pop("database"), row)} for row in read(named=True))
        yield json.dumps(head, ensure_ascii=False)[:-1] + ', "results": '
        yield from json_list(rows)
        yield ", " + json.dumps(tail, ensure_ascii=False)[1:] + "\n"

    return _stream(answer.datasette, answer.request, _ids_found(answer), write, "application/json; charset=utf-8", "")


def _stream(
    datasette: Datasette,
    request: Request,
    ids: Mapping[str, Callable[[Reader], Sequence[int]]],
    write: Callable[[Documents], Iterator[str]],
    media_type: str,
    name: str,
) -> AsgiStream:
    """Return a stream of what `write` yields for documents; `ids` finds them in each database."""

    async def send(writer: Any) -> None:
        readers = {database: await with_reader(datasette, database, _identity, export=True) for database in ids}

        def read(*, texts: bool = False, named: bool = False) -> Iterator[dict[str, Any]]:
            for database, find in ids.items():
                for row in read_documents(readers[database], find(readers[database]), texts=texts):
                    yield {**row, "database": database} if named else row

        parts, database = write(read), next(iter(ids))
        left = asyncio.ensure_future(_client_left(request))
        begun = time.monotonic()
        try:
            while piece := await with_reader(datasette, database, lambda _: list(islice(parts, PIECE)), export=True):
                await writer.write("".join(piece))
                # Writing is Python's work, and only one thread at a time does that: readers get every second moment.
                await asyncio.wait([left], timeout=time.monotonic() - begun)
                if left.done():
                    break
                begun = time.monotonic()
        finally:
            left.cancel()

    headers = dict(responses.OPEN_TO_ALL)
    if name:
        headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return AsgiStream(send, headers=headers, content_type=media_type)


async def _client_left(request: Request) -> None:
    """Return when the client has closed the connection: nobody waits for the rest of the file then."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _identity(read: Reader) -> Reader:
    return read
