"""A whole directory carried in or out as a file, as work that goes on beside the service and can be left."""

from collections.abc import Mapping
from enum import StrEnum

from shouwang.domain.backtest import JobState
from shouwang.domain.vocabulary import Instant, Value


class What(StrEnum):
    TRIAL = "trial"
    """A file is read and compared; nothing is changed."""
    IMPORT = "import"
    """What a trial found is applied: all of it, or nothing."""
    EXPORT = "export"
    TEMPLATE = "template"
    """A workbook with headings and without rows."""
    EXAMPLE = "example"
    """A small compound, filled in."""


class Transfer(Value, frozen=True, kw_only=True):
    """``name``: of the file. ``phase``: reading, comparing, writing; ``done`` of ``of`` (0: not known). ``result``: as
    the command line says it; ``problem``: why it failed. ``trial``: whose file an import applies."""

    id: str
    what: What
    name: str
    by: str
    begun_at: Instant
    state: JobState
    prune: bool = False
    phase: str = ""
    done: int = 0
    of: int = 0
    trial: str | None = None
    result: Mapping[str, object] | None = None
    problem: str = ""
