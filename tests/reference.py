"""The commands as the program itself explains them: `python -m tests.reference` writes docs/commands.md."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from harvester.cli import cli

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).resolve().parent.parent / "docs" / "commands.md"
INTRODUCTION = """# Commands

What `harvester COMMAND --help` says, as `python -m tests.reference` wrote it down; a test compares both.
"""
WIDTH = 100


def commands(command: click.Command, name: str, parent: click.Context | None = None) -> Iterator[click.Context]:
    """Yield the contexts of the command and all its subcommands, in which click can format their help."""
    context = command.make_context(name, [], parent, resilient_parsing=True)
    # The help must not depend on the terminal that it is made in.
    context.terminal_width = context.max_content_width = WIDTH
    yield context
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            found = command.get_command(context, inner)
            if found is not None and not found.hidden:
                yield from commands(found, inner, context)


def everything() -> list[click.Context]:
    """Return the contexts of the program and all its commands."""
    return list(commands(cli, "harvester"))


def render() -> str:
    """Write the whole page."""
    parts = [f"## `{context.command_path}`\n\n```text\n{context.get_help()}\n```\n" for context in everything()]
    return "\n".join([INTRODUCTION, *parts])


if __name__ == "__main__":
    PAGE.write_text(render(), "utf-8")
