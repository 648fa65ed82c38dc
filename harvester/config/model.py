"""The model of harvester.toml: every key with its description."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from harvester.config.types import Address, Captures, Cron, File, Name, Seconds, Span, Text, Zone


class Table(BaseModel):
    """A table of the file. Unknown keys are errors, and values are not converted to other types."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class SourceConfig(Table):
    """How one archive is harvested."""

    delay: Seconds | None = Field(
        default=None,
        description="Seconds between requests; at least 1, but for a copy on this machine.",
        examples=["2"],
    )
    base_url: Address | None = Field(
        default=None,
        description="Where else the archive is served: a staging copy.",
        examples=['"https://copy.example.org"'],
    )
    documents: bool = Field(default=True, description="Whether document pages are read, too.", examples=["false"])


class ListingConfig(Table):
    """A part of an archive, under a name of yours."""

    source: Name = Field(description="The archive that it is a listing of.", examples=['"wilson"'])
    search: Text | None = Field(default=None, description="What the archive's search finds.", examples=['"Mao"'])
    url: Address | None = Field(
        default=None,
        description="Or the address of one of its pages.",
        examples=['"https://example.org/search?page=0"'],
    )


class ScheduleConfig(Table):
    """When something is synced, and how much at a time."""

    harvest: Name = Field(description="What is synced: an archive or one of your listings.", examples=['"wilson"'])
    web_archive: Address | None = Field(
        default=None,
        description="Not the archive itself is asked but a web archive; where it plays captures back.",
        examples=['"https://web.archive.org/web"'],
    )
    versions: Literal["newest", "changed", "all"] | None = Field(
        default=None, description="Which captures of a page are wanted there; otherwise “changed”.", examples=['"all"']
    )
    every: Span | None = Field(default=None, description="How often; the first time is at once.", examples=['"6h"'])
    cron: Cron | None = Field(
        default=None, description="Or when: minute, hour, day, month, weekday.", examples=['"17 3 * * *"']
    )
    timezone: Zone | None = Field(
        default=None, description="The time zone of `cron`; otherwise the one at the top.", examples=['"Europe/Vienna"']
    )
    jitter: Span | None = Field(
        default=None, description="Start up to so much later, differently each time.", examples=['"15m"']
    )
    incremental: Annotated[int, Field(ge=0, le=1000)] = Field(
        default=0,
        description="After each full walk, so many that stop where nothing is new "
        "(only where the archive lists new records first).",
        examples=["6"],
    )
    time_budget: Span | None = Field(
        default=None, description="A run stops after so long; the next one goes on.", examples=['"2h"']
    )
    request_budget: Annotated[int, Field(ge=1, le=10**7)] | None = Field(
        default=None, description="A run stops after so many requests.", examples=["5000"]
    )
    stale_after: Span | None = Field(
        default=None,
        description="Tell when nothing was synced for so long; otherwise after three times its rhythm, or 6h.",
        examples=['"3d"'],
    )


class AlertConfig(Table):
    """The receiver of alerts: when a sync needs attention, and when all is well again."""

    command: Annotated[list[Text], Field(min_length=1)] | None = Field(
        default=None,
        description="A program and its arguments; it reads what happened as text.",
        examples=['["mail", "-s", "Harvester", "you@example.org"]'],
    )
    webhook: Address | None = Field(
        default=None, description="Or an address that is sent JSON.", examples=['"env:HARVESTER_WEBHOOK"']
    )
    headers: dict[Text, Text] = Field(
        default_factory=dict,
        description="Headers for the webhook; secrets as `env:NAME`.",
        examples=['{ Authorization = "env:HARVESTER_TOKEN" }'],
    )


class Settings(Table):
    """The whole of the file."""

    database: File = Field(default=Path("db/harvest.db"), description="The database.", examples=['"db/harvest.db"'])
    contact: Text | None = Field(
        default=None, description="How the archives' people can reach you.", examples=['"you@example.org"']
    )
    captures: Captures | None = Field(
        default=None,
        description="Where answers are kept as WARC; false keeps none. Otherwise `captures` beside the database.",
        examples=['"db/captures"'],
    )
    delay: Seconds | None = Field(
        default=None, description="Seconds between requests, for every archive.", examples=["1.5"]
    )
    refresh_after: Span | None = Field(
        default=None, description="Document pages are read again after so long; otherwise 180d.", examples=['"90d"']
    )
    resume_within: Span | None = Field(
        default=None,
        description="A walk that was cut short goes on within so long, later it begins anew; otherwise 24h.",
        examples=['"12h"'],
    )
    timezone: Zone = Field(default="UTC", description="The time zone of `cron`.", examples=['"Europe/Vienna"'])
    sources: dict[Name, SourceConfig] = Field(default_factory=dict, description="Archives, by name.")
    listings: dict[Name, ListingConfig] = Field(default_factory=dict, description="Parts of archives.")
    schedules: dict[Name, ScheduleConfig] = Field(default_factory=dict, description="Periodic syncs.")
    alerts: dict[Name, AlertConfig] = Field(default_factory=dict, description="Who is told.")
