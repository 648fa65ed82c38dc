"""Keeps a page that is not there from filling the log: where `rich` is installed, Datasette prints every variable."""

from __future__ import annotations

from importlib import import_module

from datasette import hookimpl


@hookimpl
def startup() -> None:
    """Take `rich` from Datasette's error handler. A real error still prints its traceback, in plain text."""
    # There is no setting for it, and every unknown address would cost a third of a second and a thousand lines.
    import_module("datasette.handle_exception").rich = None  # type: ignore[attr-defined]
