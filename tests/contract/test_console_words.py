"""The console has a Chinese text for each setting, which the service describes in English alone."""

import re
from pathlib import Path

from shouwang.settings import Settings

WORDS = Path(__file__).parents[2] / "dashboards/console/src/words/settings.ts"


def test_every_setting_is_explained_in_chinese_and_no_other() -> None:
    table = re.search(r"export const WHAT[^{]*\{(.*?)\n\};", WORDS.read_text(encoding="utf-8"), re.DOTALL)

    assert table is not None
    explained = re.findall(r'^  (\w+): ".*[一-鿿].*",$', table[1], re.MULTILINE)
    assert sorted(explained) == sorted(Settings.model_fields)
