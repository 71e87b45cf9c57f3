"""The settings in force, told without their secrets."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from shouwang.domain.setting import Origin, SettingInForce
from shouwang.settings import SECRET, TOML_NAME, Settings

from .service import environment_of

_CREDENTIALS = re.compile(r"(?<=://)[^/\s]*@")
CLOSED = frozenset({"gateway_values", "heartbeat_url"})
"""Shown to nobody, not even in part: the address of a dead-man's switch is its key."""


def in_force(settings: Settings) -> list[SettingInForce]:
    """Every setting, in the order of docs/operator.md."""
    filed = _filed(settings)
    return [_told(settings, name, name in filed) for name in Settings.model_fields if name != "role"]


def _told(settings: Settings, name: str, is_filed: bool) -> SettingInForce:
    field, variable = Settings.model_fields[name], f"SHOUWANG_{name.upper()}"
    is_default = _same(getattr(settings, name), field.default)
    value = environment_of(settings).get(variable) or None
    default = str(field.default) if isinstance(field.default, Path) else _standard().get(variable) or None
    is_closed = name in CLOSED and not is_default
    shown = _CREDENTIALS.sub("…@", value) if value is not None and name in SECRET else value
    return SettingInForce(
        name=name,
        value=None if is_closed else default if is_default else shown,
        default=default,
        origin=Origin.DEFAULT if is_default else Origin.FILE if is_filed else Origin.ENVIRONMENT,
        is_secret=is_closed or shown != value,
        description=field.description or "",
        variable=variable,
    )


def _same(value: object, default: object) -> bool:
    """The supervisor hands its children absolute paths."""
    return value == default or (
        isinstance(value, Path) and isinstance(default, Path) and value.resolve() == default.resolve()
    )


def _standard() -> Mapping[str, str]:
    return environment_of(Settings.model_construct())


def _filed(settings: Settings) -> Mapping[str, object]:
    """What the file in the data directory sets; the service would not have started with one that cannot be read."""
    try:
        return tomllib.loads((settings.data_dir / TOML_NAME).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
