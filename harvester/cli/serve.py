"""`harvester serve`: the database in Datasette, with this project's pages."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import threading
import webbrowser
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import uvicorn
from datasette.app import Datasette

import harvester.db
from harvester.cli.commands import db_option
from harvester.config.defaults import FILE
from harvester.config.toml_file import SettingsError
from harvester.db.pages.databases import read_metadata
from harvester.errors import DatabaseError, HarvesterError
from harvester.registry import load_sources
from harvester.store.database import check_shareable, open_to_read, translate_errors
from harvester.store.withdrawal.secret import check_secret

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

CONFIG_DIR = Path(harvester.db.__path__[0])
"""The folder that `datasette db/` reads; in the wheel it is inside the package."""
BACKLOG = 128
PATIENCE_SECONDS = 3
"""How long Ctrl-C waits for answers under way. A query is stopped after two seconds anyway."""


@click.command()
@db_option
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8001, show_default=True, help="Port; 0 takes a free one."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 lets others in.")
@click.option("--open", "open_browser", is_flag=True, help="Open it in the browser.")
@click.option("--base-url", default="/", show_default=True, help="Path below which a proxy shows it, as /archive/.")
@click.option("--https", is_flag=True, help="Addresses begin with https: the proxy in front of it speaks that.")
@click.option("--robots", is_flag=True, help="Let search engines in; otherwise robots.txt keeps them out.")
@click.option(
    "--cache",
    type=click.IntRange(0),
    default=5,
    show_default=True,
    metavar="SECONDS",
    help="How long browsers and proxies may show a page again without asking.",
)
@click.option("--sync", is_flag=True, help="Also sync what harvester.toml schedules: a site that keeps itself in step.")
def serve(db: Path, port: int, host: str, open_browser: bool, robots: bool, sync: bool, **options: Any) -> None:
    """Show the database in the browser, until Ctrl-C.

    It is only read, so harvests may go on meanwhile.

    Examples:
        harvester serve
        harvester serve --sync
        harvester serve --db other.db --port 8002 --open
        harvester serve --base-url /archive/ --https --cache 300

    """
    syncing = with_scheduler(db) if sync else nullcontext()
    datasette = make_datasette(db, datasette_settings(**options), robots=robots)
    server = make_server(datasette)
    if sync:
        # SIGTERM ends the server, and then the scheduler, in good order. It sets the server's flag and raises nothing:
        # an exception that comes while a module is imported, or in a callback, may be ignored.
        signal.signal(signal.SIGTERM, server.handle_exit)
    with listen(host, port) as listener, syncing:
        address = f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}/"
        click.echo(f"{db} is at {address} (Ctrl-C ends)")
        if open_browser:
            # Some browsers return only when they are closed.
            threading.Thread(target=webbrowser.open, args=[address], daemon=True).start()
        with suppress(KeyboardInterrupt):  # uvicorn has already ended in good order, and raises it again
            asyncio.run(serve_requests(datasette, server, listener))


def with_scheduler(db: Path) -> AbstractContextManager[Any]:
    """Return a context manager that runs a scheduler beside the server; create the database if there is none."""
    from harvester.cli.schedule import checked_config
    from harvester.schedule.workers import SchedulerProcess
    from harvester.store.database import open_to_write

    loaded = checked_config(click.get_current_context().obj)
    db.parent.mkdir(parents=True, exist_ok=True)
    open_to_write(db).close()
    return SchedulerProcess(db, loaded.file or FILE, lambda text: click.echo(text, err=True))


TABLE_OPTIONS = ("facets", "hidden", "label_column", "size", "sort", "sort_desc")
"""Keys of tables in metadata.yaml that Datasette 1.0 reads as configuration."""


def datasette_settings(base_url: str, https: bool, cache: int) -> dict[str, Any]:
    """Return Datasette's settings for the command's options."""
    path = f"/{base_url.strip('/')}/".replace("//", "/")
    return {"base_url": path, "force_https_urls": https, "default_cache_ttl": cache}


def name_archives(metadata: dict[str, Any]) -> dict[str, str]:
    """Add the titles of all known sources to the names of archives in a metadata; return all of these by source.

    A definition that cannot be read keeps no database from being shown: then archives have the names of their sources.
    """
    names: dict[str, str] = metadata["plugins"]["reading-room"]["archives"]
    try:
        names |= {name: source.title for name, source in load_sources().items()}
    except SettingsError as error:
        click.echo(f"archives are called by their short names: {error}", err=True)
    return names


def datasette_config(database: str) -> dict[str, Any]:
    """Return what Datasette 1.0 reads from datasette.yaml: settings, canned queries and how tables are shown."""
    harvest = read_metadata()["databases"]["harvest"]
    shown = {
        name: {key: table[key] for key in TABLE_OPTIONS if key in table} for name, table in harvest["tables"].items()
    }
    return {
        "settings": json.loads((CONFIG_DIR / "settings.json").read_text("utf-8")),
        "databases": {database: {"queries": harvest["queries"], "tables": {n: t for n, t in shown.items() if t}}},
    }


def make_datasette(db: Path, settings: dict[str, Any] | None = None, *, robots: bool = False) -> Datasette:
    """Return a Datasette of one database, opened as a live file (not immutable), so that running harvests show."""
    with translate_errors(db), open_to_read(db) as database:
        check_secret(database)
    check_shareable(db)
    if set("?#%") & set(str(db)):
        raise DatabaseError(f"Datasette cannot open a path with ?, # or % in it: rename {db}")
    metadata = read_metadata()
    metadata["plugins"]["reading-room"]["robots"] = robots
    name_archives(metadata)
    # 0.65 reads all of it from metadata; 1.0 has split the two.
    more = {} if hasattr(Datasette, "metadata") else {"config": {"databases": datasette_config(db.stem)["databases"]}}
    return Datasette(
        [str(db)],
        **more,
        metadata=metadata,
        settings=json.loads((CONFIG_DIR / "settings.json").read_text("utf-8")) | (settings or {}),
        template_dir=str(CONFIG_DIR / "templates"),
        plugins_dir=str(CONFIG_DIR / "plugins"),
        static_mounts=[("static", str(CONFIG_DIR / "static"))],
    )


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; raise HarvesterError if there is none, where uvicorn would end the process."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise HarvesterError(
            f"cannot listen on {host} port {port} ({error.strerror}): choose another with --port or --host"
        ) from error
    # Accepted connections inherit this. asyncio would set it, but does not recognise a socket made like this as TCP.
    # Without it the second part of each response waits 40 ms until the first is acknowledged.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def make_server(datasette: Datasette) -> uvicorn.Server:
    """Return the server of a Datasette's pages; they are made only when it starts."""
    config = uvicorn.Config(
        datasette.app, factory=True, log_level="warning", lifespan="on", timeout_graceful_shutdown=PATIENCE_SECONDS
    )
    return uvicorn.Server(config)


async def serve_requests(datasette: Datasette, server: uvicorn.Server, listener: socket.socket) -> None:
    """Serve requests until a signal stops the server."""
    await datasette.invoke_startup()
    await server.serve(sockets=[listener])
