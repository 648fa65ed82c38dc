"""What became of a turn, told by the run that its process has left in the database."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harvester.schedule.turns import State

BUSY = 4
"""What `harvester harvest` ends with where another run holds the source."""
LONGEST_REASON = 300


@dataclass(frozen=True)
class Outcome:
    """How a turn ended, and why, if it is not as asked."""

    state: State
    reason: str | None
    run: int | None


def outcome(run: dict[str, Any] | None, status: int | None, said: str = "", *, asked_to_stop: bool = False) -> Outcome:
    """Tell how a turn ended: by its run, or, where none was begun, by the process's exit status and last words.

    `status` is None where nobody was there to see it.
    """
    if status == BUSY:
        return Outcome("stopped", _short(said) or "another run held the source: tried again after it", None)
    if run is None:
        state: State = "stopped" if asked_to_stop else "interrupted" if status is None or status < 0 else "failed"
        return Outcome(state, _short(said) or _ended(status), None)
    if run["status"] in ("complete", "partial", "failed"):
        return Outcome(_state(run), _short(run["reason"]), run["id"])
    if asked_to_stop:
        return Outcome("stopped", "the scheduler was asked to stop; it goes on when it is started again", run["id"])
    return Outcome("interrupted", f"{_ended(status)}; the next turn goes on from there", run["id"])


def _state(run: dict[str, Any]) -> State:
    """Give a run's verdict; one that did all it was asked for, and has a reason, has used up its budget."""
    if run["status"] == "complete":
        return "bounded" if run["reason"] else "complete"
    return "partial" if run["status"] == "partial" else "failed"


def _ended(status: int | None) -> str:
    if status is None:
        return "scheduler and harvest ended without a word: killed, or a power cut"
    if status < 0:
        return f"the harvest was killed (signal {-status})"
    return f"the harvest ended with status {status}"


def _short(said: str | None) -> str | None:
    """Give the last line of what was said, which is the one that says what to do."""
    lines = [line for line in (said or "").splitlines() if line.strip()]
    return re.sub(r"^Error: ", "", lines[-1].strip())[:LONGEST_REASON] if lines else None
