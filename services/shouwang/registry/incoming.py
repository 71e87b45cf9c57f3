"""What somebody brings as a file: a community as YAML or workbook, or a sheet of devices; told by what is in it."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from shouwang.domain.community import Community
from shouwang.domain.device_sheet import SheetReading
from shouwang.domain.errors import ConfigError
from shouwang.domain.profile import Profile
from shouwang.registry.community import Reading, Remark, read_community
from shouwang.registry.device_sheet import read_device_sheet
from shouwang.registry.findings import Around
from shouwang.registry.workbook import is_community_workbook, read_workbook


def read_incoming(
    file: Path, around: Around, current: Community, profiles: Mapping[str, Profile], *, name: str | None = None
) -> Reading:
    """As ``read_community``; of a sheet of devices, the devices that are new or differ from ``current``. Raises
    ConfigError where it is no such file."""
    shown = name or str(file)
    if file.suffix == ".csv" or (file.suffix == ".xlsx" and not is_community_workbook(_sheets(file, shown))):
        try:
            content = file.read_bytes()
        except OSError as error:
            raise ConfigError(f"cannot be read: {error.strerror}", shown) from None
        return _of_devices(read_device_sheet(content, current, profiles, around.families or ()), shown)
    return read_workbook(file, around, name=name) if file.suffix == ".xlsx" else read_community(file, around, name=name)


def _of_devices(sheet: SheetReading, shown: str) -> Reading:
    problems = [
        Remark(f"{shown}:{one.row or 1}", f"{one.column}: {one.detail}" if one.column else one.detail)
        for one in sheet.errors
    ]
    devices = {device.id: device for device in sheet.put}
    return Reading(community=Community(devices=devices), has_site=False, problems=problems, notes=[])


def _sheets(file: Path, shown: str) -> list[str]:
    try:
        book = load_workbook(file, read_only=True)
    except (OSError, InvalidFileException, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise ConfigError(f"is not a workbook: {error}", shown) from None
    try:
        return list(book.sheetnames)
    finally:
        book.close()
