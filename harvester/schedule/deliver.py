"""Tells alerts: to a program, or to an address. What is secret comes from the environment and goes nowhere else."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import httpx

from harvester import __version__
from harvester.settings.kinds import SECRET

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harvester.settings.model import Alert

PATIENCE_SECONDS = 20
"""For a program or a server, from beginning to end: one that hangs, or answers drop by drop, holds nothing up."""
TOLD = ("event", "subject", "kind", "what", "since", "remedy", "made_at", "id")


class UntoldError(Exception):
    """An alert could not be told; the message has nothing secret in it."""


async def tell_all(alerts: dict[str, Alert], rows: Sequence[dict[str, Any]]) -> list[str | None]:
    """Tell alerts, all at once; give for each why it could not be told, or nothing."""
    return list(await asyncio.gather(*(_tell(alerts[row["alert"]], row) for row in rows)))


async def _tell(alert: Alert, row: dict[str, Any]) -> str | None:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await (_run(alert.command, row) if alert.command else _post(alert, row))
    except TimeoutError:
        return f"{row['alert']} did not take it within {PATIENCE_SECONDS} seconds"
    except UntoldError as error:
        return f"{row['alert']}: {error}"
    return None


async def _post(alert: Alert, row: dict[str, Any]) -> None:
    headers = {name: _open(value) for name, value in alert.headers.items()}
    agent = {"User-Agent": f"archive-harvester/{__version__}"}
    try:
        async with httpx.AsyncClient(timeout=PATIENCE_SECONDS) as client:
            answer = await client.post(_open(alert.webhook or ""), json=as_json(row), headers=agent | headers)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, UnicodeError) as error:
        # Not the message: it may name the address, and addresses of webhooks are secret.
        raise UntoldError(f"the webhook cannot be reached ({type(error).__name__})") from None
    if not answer.is_success:
        raise UntoldError(f"the webhook answered {answer.status_code}")


async def _run(command: Sequence[str], row: dict[str, Any]) -> None:
    try:
        process = await asyncio.create_subprocess_exec(
            *(_open(part) for part in command),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            env={**os.environ, "HARVESTER_ALERT": json.dumps(as_json(row), ensure_ascii=False)},
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        raise UntoldError(f"its program cannot be run ({type(error).__name__}): check the path in command") from None
    try:
        await process.communicate(as_text(row).encode())
    except asyncio.CancelledError:
        with suppress(ProcessLookupError):  # with everything that it has started
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        raise
    if process.returncode:
        raise UntoldError(f"its program ended with status {process.returncode}")


def _open(value: str) -> str:
    """Give a value, from the environment if it stands there."""
    secret = SECRET.fullmatch(value)
    if not secret:
        return value
    if not os.environ.get(secret[1]):
        raise UntoldError(f"{secret[1]} is not set in the environment of the scheduler")
    return os.environ[secret[1]]


def as_json(row: dict[str, Any]) -> dict[str, Any]:
    """Give an alert as a webhook gets it; `text` is all of it in words, which is what chat services show."""
    return {name: row[name] for name in TOLD} | {"text": as_text(row).strip()}


def as_text(row: dict[str, Any]) -> str:
    """Give an alert as people read it: what, since when, and what to do."""
    head = "well again" if row["event"] == "well" else "needs attention"
    was = "It was" if row["event"] == "well" else "It is"
    return (
        f"Harvester: {row['subject']} {head} ({row['kind']})\n\n{row['what']}\n"
        f"{was} so since {row['since']}.\nTo do: {row['remedy']}\n"
    )
