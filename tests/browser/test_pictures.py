"""The pictures of the README and the documents: each can be taken anew from the demo compound, and shows something."""

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
SHOWN = ROOT / "docs" / "pictures"
COLOURS_AT_LEAST = 12
"""Of a page that has words, marks and states on it; an empty one has two or three."""


@pytest.mark.timeout(600)
def test_every_picture_that_is_shown_can_be_taken_from_the_demo_compound(tmp_path: Path) -> None:
    taking = [sys.executable, str(ROOT / "scripts" / "pictures.py"), str(tmp_path)]
    subprocess.run(taking, check=True, stdout=subprocess.DEVNULL)
    taken = {one.name for one in tmp_path.glob("*.png")}
    assert taken == {one.name for one in SHOWN.glob("*.png")}
    for name in taken:
        with Image.open(tmp_path / name) as fresh, Image.open(SHOWN / name) as shown:
            assert fresh.size == shown.size, name
            assert len(fresh.convert("RGB").getcolors(1 << 24) or ()) >= COLOURS_AT_LEAST, name


def test_every_picture_is_shown_somewhere_and_every_shown_one_is_there() -> None:
    texts = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    words = "\n".join(text.read_text(encoding="utf-8") for text in texts)
    pictures = {one.name for one in SHOWN.glob("*.png")}
    assert [name for name in sorted(pictures) if name not in words] == []
