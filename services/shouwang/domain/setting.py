"""A setting as it is in force: what it is, where it comes from, and whether it may be shown."""

from enum import StrEnum

from shouwang.domain.vocabulary import Value


class Origin(StrEnum):
    DEFAULT = "default"
    FILE = "file"
    """``shouwang.toml`` in the data directory."""
    ENVIRONMENT = "environment"
    """An environment variable, or the command line, which reaches the service's processes the same way."""


class SettingInForce(Value, frozen=True, kw_only=True):
    """``value`` and ``default`` as they would be written in the environment; None: not set. ``is_secret``: set, and
    ``value`` is None because nobody is shown it."""

    name: str
    value: str | None
    default: str | None
    origin: Origin
    is_secret: bool
    description: str
    variable: str
