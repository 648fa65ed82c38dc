"""The list of commands, and shared options. A command is imported when called, so `--help` need not load Scrapy."""

from __future__ import annotations

import difflib
import re
import shlex
import sys
from importlib import import_module
from pathlib import Path

import click

COMMANDS = {
    "harvest": "Read saved pages, or a live archive, into the database.",
    "parse": "Show what the parsers see in saved pages, or in a title.",
    "learn": "Write the definition of an archive from pages of its listing.",
    "status": "Show what is held and missing, and whether all is well.",
    "history": "Show every change of a document.",
    "serve": "Show the database in the browser, until Ctrl-C.",
    "schedule": "Sync by itself, as harvester.toml says.",
    "config": "Show what is in force and from where, and check it.",
    "sources": "List the archives that are known.",
    "export": "Write documents as bibtex, ris, csl-json, csv or jsonl.",
    "publish": "Write a folder that plain `datasette FOLDER` serves.",
    "check": "Check whether the database is sound.",
    "rebuild": "Make the database again from its pages, as they are read today.",
    "backup": "Copy the database while harvests and readers go on.",
    "withdraw": "Hide a document from all that is served or exported.",
    "bulk": "Read very large collections in parts, on any number of machines.",
}
"""The menu, in the order of a user's first hour. Each is a function of that name in `harvester.cli.<name>`."""
INNER = {
    "schedule": ("run", "status", "install", "uninstall"),
    "sources": ("show", "check", "sample"),
    "bulk": ("plan", "read", "load", "status"),
}
"""Commands that have commands of their own."""


def command_line() -> str:
    """Return the command as it was typed, for the row of its run."""
    return "harvester " + shlex.join(sys.argv[1:])


def with_example(command: click.Command) -> click.Command:
    """Mark the examples in a help text, so that click does not fold their lines into a paragraph."""
    if "\b" in (command.help or ""):
        return command  # done before: click looks up a command more than once
    command.help = re.sub(r"^( *)(Examples?:)$", "\\1\b\n\\1\\2", command.help or "", flags=re.MULTILINE)
    return command


class LazyGroup(click.Group):
    """A group whose commands are found by name."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's own signature
        """Return the names of all commands in order."""
        return list(COMMANDS)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's own
        """Write the menu, without an import of any command: together they take a second."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's own
        """Import and return a command; None if there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        return with_example(getattr(import_module(f"harvester.cli.{cmd_name}"), cmd_name))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Resolve a command; the error for an unknown one suggests a similar name."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            meant = f"Did you mean “{near[0]}”?" if near else f"There are: {', '.join(COMMANDS)}."
            raise click.UsageError(f"{error.message} {meant}", ctx) from error


db_option = click.option(
    "--db",
    type=click.Path(path_type=Path),
    default=Path("db", "harvest.db"),
    envvar="HARVESTER_DB",
    show_envvar=True,
    show_default=True,
    help="The database.",
)
source_option = click.option(
    "--source", metavar="NAME", help="The archive that the pages are of, if they do not say it."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
