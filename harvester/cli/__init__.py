"""The command line. An error is one line that says what to do next; `--debug` adds the traceback."""

from __future__ import annotations

import errno
import gc
import os
import sys
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path
from typing import NoReturn

import click

from harvester import __version__, registry
from harvester.cli.commands import COMMANDS, INNER, LazyGroup, with_example
from harvester.config.defaults import defaults, find_config
from harvester.errors import HarvesterError

INTERRUPTED = 130
LOW_PRIORITY = frozenset({"harvest", "rebuild", "backup", "check"})
"""Long commands that use a whole processor: they run at low priority, so that Datasette stays fast."""
NICENESS = 10
COLLECT_AFTER = (20_000, 20, 50)
"""After how many new objects garbage is looked for: as often as Python does (700, 10, 10), it is a tenth of a start."""

REMEDIES = {
    errno.ENOSPC: "free some disk space, then run this again",
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), "check the permissions, or name another place"),
}
"""What to do about errors of the system that no command expects."""


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="harvester")
@click.option("--debug", is_flag=True, help="Show a traceback when something fails.")
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="HARVESTER_CONFIG",
    show_envvar=True,
    help="The configuration.  [default: harvester.toml in this folder, if there is one]",
)
@click.pass_context
def cli(context: click.Context, debug: bool, config: Path | None) -> None:  # noqa: ARG001 - `run` has seen it
    """Harvest archive listings into SQLite, and know what is missing.

    Example:
        harvester harvest seeds

    """
    context.obj = find_config(config)
    registry.config_file = config
    if context.obj:
        context.default_map = defaults(context.obj, {name: INNER.get(name, ()) for name in COMMANDS})


with_example(cli)


def main() -> NoReturn:
    """Run the command line and exit with the command's status."""
    gc.set_threshold(*COLLECT_AFTER)
    set_output_encoding()
    if LOW_PRIORITY.intersection(sys.argv[1:]):
        lower_priority()
    sys.exit(run(sys.argv[1:]))


def set_output_encoding() -> None:
    """Write UTF-8 into files and pipes, whatever the locale; show what a terminal lacks as an escape."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="backslashreplace")


def lower_priority() -> None:
    """Lower the priority of this process below that of others."""
    with suppress(OSError):
        os.nice(NICENESS)


def run(arguments: list[str]) -> int:
    """Run the command line; return the exit status."""
    debug = "--debug" in arguments[:1]
    try:
        result = cli.main(arguments, prog_name="harvester", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return _print_error("stopped", INTERRUPTED)
    except HarvesterError as error:
        return _failed(str(error), error.exit_status, debug=debug)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has gone; there is nothing left to print
        return 0
    except Exception as error:  # noqa: BLE001 - the last resort: one line, and how to see more
        return _failed(_explain(error), 1, debug=debug)
    return result if isinstance(result, int) else 0


def _explain(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno in REMEDIES:
        return f"{error.filename or 'what was to be written'}: {error.strerror}: {REMEDIES[error.errno]}"
    return f"unexpected {type(error).__name__}: {error}; see more with `harvester --debug …` and report it"


def _failed(message: str, status: int, *, debug: bool) -> int:
    if debug:
        import traceback

        traceback.print_exc()
    return _print_error(f"Error: {message}", status)


def _print_error(message: str, status: int) -> int:
    click.echo(" ".join(message.split()), err=True)
    return status
