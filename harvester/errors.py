"""The errors that users see, with one base class. Every message is one line: what happened, and what to do next."""

from __future__ import annotations


class HarvesterError(Exception):
    """Base class of all errors of the harvester; the command line exits with `exit_status`."""

    exit_status = 1


class UsageError(HarvesterError):
    """The command cannot be meant as it is: a missing path, an unknown source."""

    exit_status = 2


class DatabaseError(HarvesterError):
    """The database cannot be used: it is no SQLite file, made by a newer version, read-only, or locked."""


class SourceBusyError(HarvesterError):
    """Another run has locked the source."""

    exit_status = 4
