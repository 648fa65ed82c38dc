"""Shows errors as pages of the reading room, and keeps tracebacks in the log short."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from datasette import hookimpl

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from datasette.app import Datasette
    from datasette.utils.asgi import Request, Response


@hookimpl
def startup() -> None:
    """Remove `rich` from Datasette's error handler. A real error still prints its traceback, in plain text."""
    # There is no setting for it, and every unknown address would cost a third of a second and a thousand lines.
    import_module("datasette.handle_exception").rich = None  # type: ignore[attr-defined]


@hookimpl(tryfirst=True)
def handle_exception(
    datasette: Datasette, request: Request, exception: Exception
) -> Callable[[], Awaitable[Response | None]]:
    """Show the error with the menu and a search box."""

    async def answer() -> Response | None:
        # By then the reading room is open, whichever plugin was loaded first.
        room: Any = import_module("harvest_configuration.pages.error_page")
        shown: Response | None = await room.error_page(datasette, request, exception)
        return shown

    return answer
