"""What can go wrong, on one base. Every message is one line that says what happened and what to do next."""

from __future__ import annotations


class HarvesterError(Exception):
    """Base of everything that the harvester raises on purpose; `exit_status` is what the command line ends with."""

    exit_status = 1


class UsageError(HarvesterError):
    """The call asks for something that cannot be meant: a missing path, an unknown source."""

    exit_status = 2


class DatabaseError(HarvesterError):
    """The database cannot be used as it is: no SQLite file, made by a newer version, read-only, locked."""


class SourceBusyError(HarvesterError):
    """Another run holds the source."""

    exit_status = 4
