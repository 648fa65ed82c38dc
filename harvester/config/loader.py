"""Loads harvester.toml. Each error is one line: file, line, and how to correct it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harvester.config.model import AlertConfig, ListingConfig, ScheduleConfig, Settings, SourceConfig
from harvester.config.toml_file import Positions, read_toml, validated
from harvester.config.validation import contradictions

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import BaseModel

TABLES: dict[str, type[BaseModel]] = {
    "sources": SourceConfig,
    "listings": ListingConfig,
    "schedules": ScheduleConfig,
    "alerts": AlertConfig,
}


@dataclass(frozen=True)
class LoadedConfig(Positions):
    """A loaded configuration: its settings, its file (None if there is none), and the line of each key."""

    settings: Settings = field(default_factory=Settings)


def read_settings(file: Path) -> LoadedConfig:
    """Read a file; raise SettingsError for the first error in it."""
    document, places = read_toml(file, "schedules.NAME")
    return LoadedConfig(places.file, places.lines, validated(Settings, document, places, contradictions))
