"""Why a page could not be had, in words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from harvester.pages.page import Problem

if TYPE_CHECKING:
    from harvester.readers.damage import DamageError


class AskedToStop(Exception):  # noqa: N818 - no error: the way out of whatever is waited for
    """The user wants to stop: nothing more is asked for."""


@dataclass(frozen=True)
class NoAnswer(Exception):  # noqa: N818 - not an error of ours: it says why there is no page
    """Why a page could not be had; `final` if asking again, for any page, is no use in this run."""

    problem: Problem
    final: bool = False


def no_answer(error: Exception, host: str) -> Problem:
    """Say what the network did. A certificate that fails, or a name without an address, is final in this run."""
    told = _told(error)
    if re.search("certificate", told, re.IGNORECASE):
        message = f"the certificate of {host} is not trusted ({told}): check this machine's clock and certificates"
        raise NoAnswer(Problem("error", "certificate", message), final=True) from error
    if re.search("DNS lookup failed|cannot resolve", told, re.IGNORECASE):
        message = (
            f"{host} has no address (DNS): check the connection; if the archive has gone, what is held stays, and "
            "its saved pages, or captures in web archives, can be harvested as files"
        )
        raise NoAnswer(Problem("error", "no-address", message), final=True) from error
    return Problem(
        "error",
        "no-answer",
        f"no answer from {host} ({told}): check the address and the connection, then run this again",
    )


def broken_off(damage: DamageError, host: str) -> Problem:
    """Return the problem of an answer whose packing ends early or is damaged: it is as good as none."""
    message = f"the answer of {host} is not whole: its packed body is damaged ({damage}); run this again"
    return Problem("error", "damaged-body", message)


def forbidden(url: str) -> NoAnswer:
    """Say that robots.txt forbids an address; what forbids one forbids its like."""
    where = f"robots.txt forbids {urlsplit(url).path} on {urlsplit(url).netloc}"
    message = f"{where}: the archive does not want it harvested; use saved pages, or go without (--no-documents)"
    return NoAnswer(Problem("error", "forbidden", message), final=True)


def too_busy(url: str, status: int) -> Problem:
    """Say that the server was busy each time it was asked."""
    told = f"the server answered {status}"
    if urlsplit(url).path == "/robots.txt":
        told = f"robots.txt could not be read ({told}), so nobody knows what may be asked for"
    return Problem("error", f"http-{status}", f"{told}: run this again later")


def too_slow(seconds: float, host: str) -> NoAnswer:
    """Return the end of a run whose archive asks for more time between requests than anybody waits."""
    message = (
        f"robots.txt of {host} asks for {seconds / 60:.0f} minutes between requests (Crawl-delay): "
        "the archive does not want to be harvested; use saved pages, or ask its people"
    )
    return NoAnswer(Problem("error", "crawl-delay", message), final=True)


def _told(error: BaseException) -> str:
    """Say an error of the network in a few words; Twisted wraps some into others."""
    reasons = getattr(error, "reasons", None)
    if reasons:
        return _told(reasons[0].value)
    if error.__cause__ is not None:
        return _told(error.__cause__)
    return re.sub(r"\s+", " ", str(error)).strip()[:200] or type(error).__name__
