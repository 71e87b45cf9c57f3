"""Journal bodies as people and programs outside read them."""

from collections.abc import Mapping

from shouwang.domain.moment import rfc3339


def readable(body: Mapping[str, object]) -> dict[str, object]:
    """A journal body with its instants as RFC 3339: those under ``at`` and ``…_at``, at any depth."""
    return {key: _readable(key, value) for key, value in body.items()}


def _readable(key: str, value: object) -> object:
    if isinstance(value, dict):
        return readable(value)
    if isinstance(value, list):
        return [_readable(key, one) for one in value]
    if isinstance(value, int) and not isinstance(value, bool) and (key == "at" or key.endswith("_at")):
        return rfc3339(value)
    return value
