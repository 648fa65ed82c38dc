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
        description="Another address at which the archive is served, such as a staging copy.",
        examples=['"https://copy.example.org"'],
    )
    documents: bool = Field(default=True, description="Whether document pages are read.", examples=["false"])


class ListingConfig(Table):
    """A part of an archive, under a name of yours."""

    source: Name = Field(description="The archive that it is a listing of.", examples=['"wilson"'])
    search: Text | None = Field(default=None, description="The text of a search.", examples=['"Mao"'])
    url: Address | None = Field(
        default=None,
        description="Or the address of a page of the listing.",
        examples=['"https://example.org/search?page=0"'],
    )


class ScheduleConfig(Table):
    """When something is synced, and how much at a time."""

    harvest: Name = Field(description="What is synced: an archive or one of your listings.", examples=['"wilson"'])
    web_archive: Address | None = Field(
        default=None,
        description="Read captures of this web archive instead of the archive itself.",
        examples=['"https://web.archive.org/web"'],
    )
    versions: Literal["newest", "changed", "all"] | None = Field(
        default=None, description="Which captures of a page are read there; default “changed”.", examples=['"all"']
    )
    every: Span | None = Field(
        default=None, description="The interval between syncs; the first one starts at once.", examples=['"6h"']
    )
    cron: Cron | None = Field(
        default=None, description="Or the times: minute, hour, day, month, weekday.", examples=['"17 3 * * *"']
    )
    timezone: Zone | None = Field(
        default=None, description="The time zone of `cron`; default: the one at the top.", examples=['"Europe/Vienna"']
    )
    jitter: Span | None = Field(default=None, description="The longest random delay of a start.", examples=['"15m"'])
    incremental: Annotated[int, Field(ge=0, le=1000)] = Field(
        default=0,
        description="How many short walks, which end where nothing is new, follow each full walk "
        "(only for archives that list new records first).",
        examples=["6"],
    )
    time_budget: Span | None = Field(
        default=None, description="A run stops after this time; the next one continues.", examples=['"2h"']
    )
    request_budget: Annotated[int, Field(ge=1, le=10**7)] | None = Field(
        default=None,
        description="A run stops after this number of requests; the next one continues.",
        examples=["5000"],
    )
    stale_after: Span | None = Field(
        default=None,
        description="The time without a sync after which you are notified; default: 3 intervals, at least 6h.",
        examples=['"3d"'],
    )


class AlertConfig(Table):
    """The receiver of alerts: when a sync needs attention, and when all is well again."""

    command: Annotated[list[Text], Field(min_length=1)] | None = Field(
        default=None,
        description="A program and its arguments; it reads the notification as text.",
        examples=['["mail", "-s", "Harvester", "you@example.org"]'],
    )
    webhook: Address | None = Field(
        default=None,
        description="Or an address that receives the notification as JSON.",
        examples=['"env:HARVESTER_WEBHOOK"'],
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
        default=None, description="How the archive's staff can reach you.", examples=['"you@example.org"']
    )
    captures: Captures | None = Field(
        default=None,
        description="Where answers are kept as WARC; false keeps none. Default: `captures` beside the database.",
        examples=['"db/captures"'],
    )
    delay: Seconds | None = Field(
        default=None, description="Seconds between requests, for every archive.", examples=["1.5"]
    )
    refresh_after: Span | None = Field(
        default=None, description="The age at which document pages are read again; default 180d.", examples=['"90d"']
    )
    resume_within: Span | None = Field(
        default=None,
        description="How long an interrupted walk can be resumed; default 24h.",
        examples=['"12h"'],
    )
    timezone: Zone = Field(default="UTC", description="The time zone of `cron`.", examples=['"Europe/Vienna"'])
    sources: dict[Name, SourceConfig] = Field(default_factory=dict, description="Archives, by name.")
    listings: dict[Name, ListingConfig] = Field(default_factory=dict, description="Parts of archives.")
    schedules: dict[Name, ScheduleConfig] = Field(default_factory=dict, description="Periodic syncs.")
    alerts: dict[Name, AlertConfig] = Field(default_factory=dict, description="Who is notified.")
