"""What travels from a spider to the pipeline, and back."""

from __future__ import annotations

from asyncio import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scrapy.http import Response

    from harvester.capture import Capture
    from harvester.readers.files import PassedOver
    from harvester.store.captures import Held
    from harvester.store.taking import Taken, WalkStep


@dataclass
class Fetched:
    """An answer (or why there is none) on its way into the run.

    `taken` is set when it is committed: the spider waits for that before it asks for more, so that a page is never
    known as read before its records are held.
    """

    capture: Capture | PassedOver
    response: Response | None = None
    step: WalkStep | None = None
    same_as: Held | None = None  # the capture that a 304 stands for
    taken: Future[Taken | None] = field(default_factory=Future)
