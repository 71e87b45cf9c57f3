"""A community as the file it was applied from: one row a line, in a stable order, so that two exports compare."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
import yaml

from shouwang.domain.community import Community, identity
from shouwang.domain.place import Device
from shouwang.domain.vocabulary import Value

_Dumper: type[yaml.SafeDumper] = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

_HEAD = "# A compound as one file: `shouwang community apply FILE` reads it back. It holds personal data and secrets.\n"


def export_community(community: Community) -> str:
    """The file. Values that are the default are left out. Rows are ordered by id, policies as they are matched."""
    sections = sections_of(community)
    parts = [_HEAD, f"site: {_line(community.site)}\n"]
    for name, values in sections.items():
        lines = [f"  - {_line(value)}\n" for value in values]
        parts += [f"{name}:\n", *lines] if lines else [f"{name}: []\n"]
    return "".join(parts)


def _without_trial(device: Device) -> Device:
    """Who commissions or tests it now is no part of a file."""
    return msgspec.structs.replace(device, trial=None)


def sections_of(community: Community) -> Mapping[str, Iterable[Value]]:
    """Rows by section, as the file writes them."""
    return {
        "places": sorted(community.places.values(), key=identity),
        "people": sorted(community.people.values(), key=identity),
        "posts": sorted(community.posts, key=identity),
        "zones": sorted(community.zones.values(), key=identity),
        "rosters": sorted(community.rosters.values(), key=identity),
        "groups": sorted(community.groups.values(), key=identity),
        "policies": community.policies,
        "devices": sorted(map(_without_trial, community.devices.values()), key=identity),
        "households": sorted(community.households.values(), key=identity),
        "patrols": sorted(community.patrols.values(), key=identity),
    }


def plain(value: Value) -> dict[str, Any]:
    """A row as its file says it: builtins, without what is the default."""
    written = _plain(value)
    assert isinstance(written, dict)
    return written


def _line(value: Value) -> str:
    return yaml.dump(
        _plain(value), Dumper=_Dumper, default_flow_style=True, allow_unicode=True, sort_keys=False, width=1 << 20
    ).rstrip("\n")


def _plain(value: object) -> object:
    """Builtins, without the fields that have their default; keys as the file writes them."""
    match value:
        case msgspec.Struct():
            shape = msgspec.structs.fields(value)
            return {
                field.encode_name: _plain(held)
                for field in shape
                if (held := getattr(value, field.name)) != _default(field)
            }
        case list():
            return [_plain(held) for held in value]
        case dict():
            return {key: _plain(held) for key, held in value.items()}
        case str():
            return str(value)
        case _:
            return value


def _default(field: msgspec.structs.FieldInfo) -> object:
    if field.default is not msgspec.NODEFAULT:
        return field.default
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory()
    return msgspec.NODEFAULT
