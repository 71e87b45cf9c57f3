"""The compound of ``run --demo``: a community file that ships, made up and marked."""

from pathlib import Path

from shouwang.domain.community import Community, Configured, rows
from shouwang.registry.community import read_community

DEMO_FILE = Path(__file__).with_name("demo-compound.yaml")


def demo_community() -> Community:
    """The compound as one value: the filled example of the workbook."""
    return read_community(DEMO_FILE, name=DEMO_FILE.name).community


def demo_compound() -> list[Configured]:
    """Everything of it, as ``Directory.change`` takes it."""
    reading = read_community(DEMO_FILE, name=DEMO_FILE.name)
    return [reading.community.site, *rows(reading.community)]
