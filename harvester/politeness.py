"""How the harvester behaves towards archives. Each number has its reason; please do not raise what burdens them."""

from __future__ import annotations

import ipaddress
import re
from datetime import UTC, datetime
from urllib.parse import urljoin, urlsplit

from harvester.errors import UsageError

DELAY_SECONDS = 1.0
"""Least time between two requests: what a person who clicks through a listing needs. Archives are small servers."""
MOST_ATTEMPTS = 4
"""Requests for one page before giving up: a busy moment passes, an outage does not."""
BACK_OFF_SECONDS = 5.0
"""Wait before the second attempt; it doubles with each further one."""
NAP_SECONDS = 0.5
"""How often a wait looks whether the user wants to stop."""
LONGEST_WAIT_SECONDS = 3600.0
"""A server that wants longer waits (Retry-After, Crawl-delay) is left alone: the run ends, the next one goes on."""
TIMEOUT_SECONDS = 60
"""A response that takes longer is abandoned and requested again."""
SECOND_LOOKS = 2
"""How often a page that was refused (a challenge, an empty response) is requested again before the refusal counts."""
PATIENT_LOOKS = 8
"""How often instead in a waiting room, which admits readers by turns, and for a page without records where some are
expected, which caches repeat for a while: over twenty minutes.
"""
BUSY = frozenset({408, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})
"""Statuses that do not concern the page, only the moment."""
ELSEWHERE = frozenset({301, 302, 303, 307, 308})
"""Answers that send on to another address."""
MOST_REDIRECTS = 5
"""Archives send on from http to https and from a number to a name; more is a circle."""
REFRESH_AFTER_DAYS = 180
"""Document pages older than this are read again, by default: corrections are rare, and the archive has many pages."""
RESUME_WITHIN_HOURS = 24
"""A walk that began longer ago is begun afresh, by default: the listing has moved on."""


def is_loopback(address: str) -> bool:
    """Return whether an address is on this machine, where no archive can be burdened."""
    host = urlsplit(address).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False  # a name, so another machine


def agreed_delay(wished: float | None, address: str) -> float:
    """Return the time between requests: slower than usual if the user wishes, faster only on this machine."""
    if wished is None:
        return DELAY_SECONDS
    if wished < DELAY_SECONDS and not is_loopback(address):
        raise UsageError(
            f"--delay {wished:g} would be faster than the archive is asked at most: give {DELAY_SECONDS:g} or more"
        )
    return wished


def wait_factor(delay: float) -> float:
    """Return what waits are multiplied by: next to nothing without a delay, which is agreed on this machine only."""
    return 1.0 if delay else 0.001


def back_off(attempt: int, delay: float) -> float:
    """Return the seconds to wait after the `attempt`-th request in vain."""
    return BACK_OFF_SECONDS * 2.0 ** (attempt - 1) * wait_factor(delay)


def retry_after(value: str | None, now: datetime | None = None) -> float | None:
    """Return the seconds in a Retry-After header (a number or a date); None if it cannot be read."""
    if not value:
        return None
    if re.fullmatch(r"\s*[0-9]+\s*", value):
        return float(value)
    from email.utils import parsedate_to_datetime  # it imports half of what mails need, and few answers hold a date

    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())


def redirect_target(url: str, location: bytes | None) -> str | None:
    """Return the web address that a redirect from `url` leads to; None if it leads to nothing on the web.

    A `Location` may name a local file, or contain data itself: Scrapy would read either.
    """
    try:
        target = urljoin(url, (location or b"").decode("latin-1"))
        parts = urlsplit(target)
    except ValueError:  # not an address, such as http://[
        return None
    return target if parts.scheme in ("http", "https") and parts.hostname else None
