"""Delivers alerts to a program or a webhook, in a thread of its own. Secrets come from the environment.

Own code and not a library of notifiers: a program or a webhook reaches them all, and what could not be delivered waits
in the database.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

import httpx

from harvester import __version__
from harvester.config.types import SECRET
from harvester.errors import DatabaseError
from harvester.schedule.scheduler import now
from harvester.store.database import open_to_write, translate_errors
from harvester.store.incidents import lease_notifications, mark_delivered
from harvester.utils import utc_timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from harvester.config.model import AlertConfig


PATIENCE_SECONDS = 20
"""For one delivery from beginning to end, so that a program or server that hangs delays nothing else."""
JSON_FIELDS = ("event", "subject", "kind", "summary", "started_at", "remedy", "created_at", "id")


class DeliveryError(Exception):
    """An alert could not be delivered; the message contains nothing secret."""


async def deliver_all(alerts: dict[str, AlertConfig], rows: Sequence[dict[str, Any]]) -> list[str | None]:
    """Deliver alerts concurrently; return for each the reason why it could not be delivered, or None."""
    return list(await asyncio.gather(*(_deliver(alerts[row["channel"]], row) for row in rows)))


async def _deliver(alert: AlertConfig, row: dict[str, Any]) -> str | None:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await (_run(alert.command, row) if alert.command else _post(alert, row))
    except TimeoutError:
        return f"{row['channel']} did not take it within {PATIENCE_SECONDS} seconds"
    except DeliveryError as error:
        return f"{row['channel']}: {error}"
    return None


async def _post(alert: AlertConfig, row: dict[str, Any]) -> None:
    headers = {name: _resolve_secret(value) for name, value in alert.headers.items()}
    agent = {"User-Agent": f"archive-harvester/{__version__}"}
    try:
        async with httpx.AsyncClient(timeout=PATIENCE_SECONDS) as client:
            response = await client.post(
                _resolve_secret(alert.webhook or ""), json=as_json(row), headers=agent | headers
            )
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, UnicodeError) as error:
        # Not the message: it may contain the address, and addresses of webhooks are secret.
        raise DeliveryError(f"the webhook cannot be reached ({type(error).__name__})") from None
    if not response.is_success:
        raise DeliveryError(f"the webhook answered {response.status_code}")


async def _run(command: Sequence[str], row: dict[str, Any]) -> None:
    try:
        process = await asyncio.create_subprocess_exec(
            *(_resolve_secret(part) for part in command),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            env={**os.environ, "HARVESTER_ALERT": json.dumps(as_json(row), ensure_ascii=False)},
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        raise DeliveryError(f"its program cannot be run ({type(error).__name__}): check the path in command") from None
    try:
        await process.communicate(as_text(row).encode())
    except asyncio.CancelledError:
        with suppress(ProcessLookupError):  # with all processes that it has started
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        raise
    if process.returncode:
        raise DeliveryError(f"its program ended with status {process.returncode}")


def _resolve_secret(value: str) -> str:
    """Return a value, read from the environment if it is written as `env:NAME`."""
    secret = SECRET.fullmatch(value)
    if not secret:
        return value
    if not os.environ.get(secret[1]):
        raise DeliveryError(f"{secret[1]} is not set in the environment of the scheduler")
    return os.environ[secret[1]]


def as_json(row: dict[str, Any]) -> dict[str, Any]:
    """Return an alert as the JSON sent to a webhook; `text` is the whole alert in words, which chat services show."""
    return {name: row[name] for name in JSON_FIELDS} | {"text": as_text(row).strip()}


def as_text(row: dict[str, Any]) -> str:
    """Return an alert as text: what is wrong, since when, and what to do."""
    head = "well again" if row["event"] == "resolved" else "needs attention"
    was = "It was" if row["event"] == "resolved" else "It is"
    return (
        f"Harvester: {row['subject']} {head} ({row['kind']})\n\n{row['summary']}\n"
        f"{was} so since {row['started_at']}.\nTo do: {row['remedy']}\n"
    )


PAUSE_SECONDS = 2.0
"""Between two checks for pending notifications."""


REMEDY = "make room on the disk, or mend its permissions; `harvester check` says whether it is sound. Syncs then go on"


class Notifier:
    """Delivers the pending notifications of a database, in a thread, from `start` until `stop`."""

    def __init__(self, path: Path, alerts: dict[str, AlertConfig], notify: Callable[[str], None]) -> None:
        self._path = path
        self._alerts = alerts
        self._notify = notify
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run_until_stopped, daemon=True)

    def start(self) -> None:
        """Start the thread, if any alerts are configured."""
        if self._alerts:
            self._thread.start()

    def stop(self) -> None:
        """Try once more to deliver what is pending, then end the thread; what fails stays pending."""
        self._stop.set()
        if self._alerts:
            self._thread.join()

    def alarm(self, text: str) -> None:
        """Deliver to all alerts that the database cannot be used, without storing it there."""
        if not self._alerts:
            return
        moment = utc_timestamp(now())
        row: dict[str, Any] = {"event": "firing", "subject": str(self._path), "kind": "database", "summary": text}
        row |= {"started_at": moment, "remedy": REMEDY, "created_at": moment, "id": None}
        rows = [row | {"channel": name} for name in self._alerts]
        for error in filter(None, asyncio.run(deliver_all(self._alerts, rows))):
            self._notify(f"an alert is lost: {error}")

    def _run_until_stopped(self) -> None:
        last = False
        while not last:
            last = self._stop.wait(PAUSE_SECONDS)
            try:
                self._deliver_pending()
            except DatabaseError:
                continue  # the loop has the same error, and reports it

    def _deliver_pending(self) -> None:
        with translate_errors(self._path):
            with closing(open_to_write(self._path)) as db:
                rows = lease_notifications(db, list(self._alerts), now())
            if not rows:
                return
            errors = asyncio.run(deliver_all(self._alerts, rows))
            with closing(open_to_write(self._path)) as db:
                for row, error in zip(rows, errors, strict=True):
                    mark_delivered(db, row, error, now())
        for error in sorted({error for error in errors if error}):
            self._notify(f"an alert waits: {error}")
