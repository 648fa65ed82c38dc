"""Why a page could not be had, in words."""

from __future__ import annotations

import re
from dataclasses import dataclass

from harvester.pages.page import Problem


class StoppedError(Exception):
    """The user wants to stop: nothing more is asked for."""


@dataclass(frozen=True)
class NoAnswer(Exception):  # noqa: N818 - not an error of ours: it says why there is no page
    """Why a page could not be had; `final` if asking again, for any page, is no use in this run."""

    problem: Problem
    final: bool = False


def no_answer(error: Exception, host: str) -> Problem:
    """Say what the network did. A certificate that fails is final: asking again makes it no better."""
    told = _told(error)
    if re.search("certificate", told, re.IGNORECASE):
        message = f"the certificate of {host} is not trusted ({told}): check this machine's clock and certificates"
        raise NoAnswer(Problem("error", "certificate", message), final=True) from error
    return Problem(
        "error",
        "no-answer",
        f"no answer from {host} ({told}): check the address and the connection, then run this again",
    )


def _told(error: BaseException) -> str:
    """Say an error of the network in a few words; Twisted wraps some into others."""
    reasons = getattr(error, "reasons", None)
    if reasons:
        return _told(reasons[0].value)
    if error.__cause__ is not None:
        return _told(error.__cause__)
    return re.sub(r"\s+", " ", str(error)).strip()[:200] or type(error).__name__
