"""Sheets of devices and labels for the window, by the profiles and families as they are now."""

from collections.abc import Sequence

from shouwang.app.equipment import Equipment
from shouwang.domain.community import Community
from shouwang.domain.device_sheet import SheetReading
from shouwang.domain.label import Label
from shouwang.domain.place import Device


class Paper:
    """``api.doors.Sheets``. What reads sheets and prints is loaded when somebody asks for
    it: 30 MB that most nights nobody needs."""

    def __init__(self, equipment: Equipment) -> None:
        self._equipment = equipment

    def read(self, content: bytes, community: Community) -> SheetReading:
        from shouwang.registry.device_sheet import read_device_sheet

        families = self._equipment.interpreter.families
        return read_device_sheet(content, community, self._equipment.profiles, families)

    def write(self, devices: Sequence[Device], *, xlsx: bool) -> bytes:
        from shouwang.registry.device_sheet import device_sheet

        return device_sheet(devices, xlsx=xlsx)

    def print_labels(self, labels: Sequence[Label]) -> bytes:
        from shouwang.reports.labels import print_labels

        return print_labels(labels)
