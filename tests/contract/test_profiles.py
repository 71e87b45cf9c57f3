"""Every shipped profile with its examples and the laws of the house; a broken one is told where it is broken."""

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from harness.decoding import PROFILES, REPOSITORY, Desk, shipped_codecs, shipped_interpreter, shipped_profiles, values
from shouwang.codecs.javascript import JavaScriptCodecs
from shouwang.domain.decode import Interpreter
from shouwang.domain.errors import ProfileError
from shouwang.domain.profile import Power, Profile
from shouwang.domain.vocabulary import HOUR, METRICS, Kind
from shouwang.registry.documents import read_documents
from shouwang.registry.profile_shapes import SourceWritten, profile_schema
from shouwang.registry.profiles import FAMILIES, check_profiles, load_profiles, play_examples

FILES = sorted(path for path in PROFILES.rglob("*.yaml") if path.parent.name != FAMILIES)
IDS = [path.stem for path in FILES]
SCHEMA = Draft202012Validator(profile_schema())


def test_the_shipped_profiles_and_families_have_no_problem() -> None:
    assert [str(problem) for problem in check_profiles([PROFILES], PROFILES, JavaScriptCodecs)] == []


@pytest.mark.parametrize("id", IDS)
def test_every_example_of_a_profile_gives_what_it_says(id: str) -> None:
    _, profiles = shipped_profiles()

    assert list(play_examples(shipped_interpreter(), profiles[id], shipped_codecs().run)) == []


@pytest.mark.parametrize("id", IDS)
def test_every_reading_of_a_profile_is_shown_by_its_examples_or_is_diagnostic(id: str) -> None:
    _, profiles = shipped_profiles()
    profile = profiles[id]
    shown = {name.partition("@")[0] for example in profile.examples for name in example.readings}
    alarms = {metric for metric in profile.readings if METRICS[metric].life_safety}

    assert alarms <= shown


def test_every_profile_says_what_it_lives_on_and_how_long_it_may_be_silent() -> None:
    families, profiles = shipped_profiles()
    generic = {family.generic for family in families}

    for profile in profiles.values():
        if profile.id not in generic:
            assert profile.power is not Power.UNKNOWN, profile.id
        if profile.kind in {Kind.SMOKE, Kind.HEAT, Kind.GAS, Kind.CO}:
            assert profile.no_all_clear or profile.longest_silence is not None, profile.id
            assert profile.longest_silence is None or profile.longest_silence <= 24 * HOUR
        elif profile.id not in generic and profile.kind is not Kind.GATEWAY and not is_one_way(profile):
            assert profile.longest_silence is not None, profile.id


def is_one_way(profile: Profile) -> bool:
    """Radio transmitters that nobody answers: many speak only when something happens."""
    return not {"rtl_433", "openmqttgateway", "rflink"}.isdisjoint(profile.families)


def test_the_models_that_matter_in_a_compound_are_there() -> None:
    _, profiles = shipped_profiles()
    kinds = [profile.kind for profile in profiles.values()]

    assert len(profiles) >= 30
    for kind in (Kind.SMOKE, Kind.GAS, Kind.CO, Kind.LEAK, Kind.BUTTON, Kind.DOOR, Kind.MOTION, Kind.CLIMATE):
        assert kinds.count(kind) >= 2, kind
    assert Kind.HEAT in kinds
    assert Kind.FALL in kinds


@pytest.mark.parametrize(
    ("said", "id"),
    [
        ("Heiman HS1SA", "heiman-hs1sa"),
        ("heiman-hs1sa", "heiman-hs1sa"),
        ("HEIMAN HS3SA/HS1SA", "heiman-hs1sa"),
        ("Heiman HS1SA-E-PLUS", "heiman-hs1sa-plus"),
        ("Tuya TS0601_smoke_1 (Nous E8)", "tuya-ts0601-smoke"),
        ("Xiaomi/Honeywell JTYJ-GD-01LM/BW", "xiaomi-jtyj-gd-01lm"),
        ("SmokeSensor-EM", "heiman-hs1sa"),
        ("native", "native"),
        ("any", None),
        ("", None),
        ("Nobody's own", None),
    ],
)
def test_a_model_is_found_by_what_a_person_calls_it(said: str, id: str | None) -> None:
    assert shipped_interpreter().catalogue.named(said) == id


def test_the_schema_for_editors_is_the_generated_one() -> None:
    written = json.loads((PROFILES / "schema.json").read_text(encoding="utf-8"))

    assert written == profile_schema(), "run: .venv/bin/python scripts/schema.py"


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_every_profile_fits_the_schema(path: Path) -> None:
    (document,) = read_documents(path)
    content = json.loads(json.dumps(document.content))

    SCHEMA.validate(content)


GOOD = """\
vendor: Acme
model: S1
title: {zh: 烟感, en: Smoke alarm}
kind: smoke
power: battery
longest_silence: 6h
families:
  zigbee2mqtt: {models: [S1-X]}
readings:
  smoke: smoke
  battery: battery
test_press: {zh: 无, en: none}
examples:
  - topic: zigbee2mqtt/it
    payload: {smoke: true, battery: 9}
    readings: {smoke: true, battery: 9}
"""


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped families, the profiles that they fall back on, and one that claims a model: reading all hundreds for
    each broken one takes half a minute."""
    folder = tmp_path_factory.mktemp("few")
    families, _ = load_profiles([PROFILES])
    needed = {"tuya-ts0205", *(one.generic for one in families), *(one.gateway for one in families)}
    for file in PROFILES.rglob("*.yaml"):
        if file.parent.name == FAMILIES or file.stem in needed:
            target = folder / file.relative_to(PROFILES)
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(file.read_bytes())
    return folder


def problems(folder: Path, shipped: Path, text: str, name: str = "acme-s1.yaml") -> list[str]:
    (folder / name).write_text(text, encoding="utf-8")
    return [str(problem).removeprefix(f"{folder}/") for problem in check_profiles([folder], shipped, JavaScriptCodecs)]


def test_a_good_profile_of_a_vendor_has_no_problem(tmp_path: Path) -> None:
    assert problems(tmp_path, PROFILES, GOOD) == []


@pytest.mark.parametrize(
    ("change", "to", "problem"),
    [
        ("smoke: smoke", "smok: smoke", "acme-s1.yaml:10: readings.smok is not a metric; did you mean 'smoke'?"),
        (
            "power: battery",
            "powr: battery",
            "acme-s1.yaml:5: Object contains unknown field `powr`; did you mean 'power'?",
        ),
        ("kind: smoke", "kind: smokey", "acme-s1.yaml:4: kind: Invalid enum value 'smokey'"),
        ("longest_silence: 6h", "", "acme-s1.yaml:1: longest_silence: expected one, of a smoke"),
        ("longest_silence: 6h", "no_all_clear: true", "acme-s1.yaml:1: quirks: expected the warning that nobody can"),
        (
            "longest_silence: 6h",
            "longest_silence: 6h\ntopics: [{topic: 'a/{device}'}]",
            "acme-s1.yaml:7: topics: expected the family raw",
        ),
        (
            "longest_silence: 6h",
            "longest_silence: 6h\ntopics: [{topic: 'a/#/b'}]",
            "acme-s1.yaml:7: topics: topic 'a/#/b' is no template",
        ),
        (
            "longest_silence: 6h",
            "longest_silence: 6h\ntopics: [{topic: 'a/b'}]",
            "acme-s1.yaml:7: topics: 'a/b' names no device",
        ),
        ("6h", "30h", "acme-s1.yaml:6: longest_silence is 30h; a smoke may be silent for at most 1d"),
        ("6h", "soon", "acme-s1.yaml:6: longest_silence: 'soon' is not a duration"),
        ("test_press: {zh: 无, en: none}", "", "acme-s1.yaml:1: test_press: expected what a press looks like"),
        ("zigbee2mqtt: {mod", "zigbee2mqt: {mod", "acme-s1.yaml:8: families.zigbee2mqt: there is no such family; did"),
        ("S1-X", "TS0205", "acme-s1.yaml:8: families.zigbee2mqtt: 'TS0205' is claimed by profile tuya-ts0205 already"),
        (
            "{smoke: true, battery: 9}\n",
            "{smoke: true}\n",
            "acme-s1.yaml:14: examples[0]: expected battery 9, smoke True",
        ),
        (
            "smoke: true, battery: 9}\n    r",
            "smoke: x, battery: 9}\n    r",
            "acme-s1.yaml:14: examples[0]: has a field",
        ),
        ("topic: zigbee2mqtt/it", "topic: z/it", "acme-s1.yaml:14: examples[0]: is refused: no family has the topic"),
        (
            "battery: battery\nt",
            "battery: {path: battery, unit: V}\nt",
            "acme-s1.yaml:11: readings.battery: battery cannot",
        ),
        (
            "smoke: smoke\n",
            "smoke: {path: smoke, values: {x: 3}}\n",
            "acme-s1.yaml:10: readings.smoke.values.x is 3; exp",
        ),
        ("smoke: smoke\n", "smoke: []\n", "acme-s1.yaml:10: readings.smoke names no field of the message"),
        ("smoke: smoke\n", "smoke: [smoke, smoke]\n", "acme-s1.yaml:10: readings.smoke: smoke stands twice"),
        ("  smoke: smoke\n", "  smoke: smoke\n  gas: gas\n", "acme-s1.yaml:15: examples: none shows gas true"),
        ("kind: smoke", "kind: smoke\nignores: [smoke]", "acme-s1.yaml:5: ignores: smoke is read all the same"),
        ("kind: smoke", "kind: smoke\nkind: gas", "acme-s1.yaml:5: 'kind' stands twice"),
        ("en: Smoke alarm", "e: x", "acme-s1.yaml:3: title: Object contains unknown field `e`"),
        (", en: Smoke alarm", "", "acme-s1.yaml:3: title: Object missing required field `en`"),
        ("vendor: Acme", "vendor: [", "acme-s1.yaml:3: is not YAML"),
    ],
)
def test_a_broken_profile_is_told_file_line_and_cause(
    tmp_path: Path, few: Path, change: str, to: str, problem: str
) -> None:
    assert change in GOOD

    found = problems(tmp_path, few, GOOD.replace(change, to, 1))

    assert any(one.startswith(problem) for one in found), found


def test_numbers_and_truth_values_of_one_map_are_both_understood(tmp_path: Path) -> None:
    """To Python ``1`` and ``true`` are one key."""
    text = "smoke: {path: smoke, values: {0: false, 1: true, true: true, false: false}}"
    (tmp_path / "acme-s1.yaml").write_text(GOOD.replace("smoke: smoke", text, 1), encoding="utf-8")
    _, profiles = load_profiles([PROFILES, tmp_path])

    assert profiles["acme-s1"].readings["smoke"][0].values == {"0": False, "1": True, "true": True, "false": False}


def test_a_file_name_that_is_no_id_is_told(tmp_path: Path, few: Path) -> None:
    assert "the file name 'Acme_S1' is its id" in problems(tmp_path, few, GOOD, "Acme_S1.yaml")[0]


def test_two_profiles_of_one_id_are_told(tmp_path: Path, few: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "acme-s1.yaml").write_text(GOOD, encoding="utf-8")

    assert any("acme-s1 stands in" in one for one in problems(tmp_path, few, GOOD))
    with pytest.raises(ProfileError, match="acme-s1 stands in"):
        load_profiles([few, tmp_path])


def test_a_profile_of_ones_own_reads_and_replaces(tmp_path: Path) -> None:
    (tmp_path / "acme-s1.yaml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "tuya-ts0205.yaml").write_text(GOOD.replace("kind: smoke", "kind: heat"), encoding="utf-8")

    families, profiles = load_profiles([PROFILES, tmp_path])
    desk = Desk({"zigbee2mqtt:it": "acme-s1"}, Interpreter(families, profiles.values()))

    assert values(desk.reads("zigbee2mqtt/it", {"smoke": 1})) == {"smoke": True}
    assert profiles["tuya-ts0205"].kind is Kind.HEAT


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("title: {zh: 一, en: One}\ngeneric: nobody\ntopics: []\n", "family one: there is no profile 'nobody'"),
        ("title: {zh: 一, en: One}\ngeneric: native\nreader: x\ntopics: []\n", "family one: there is no reader 'x'"),
        ("title: {zh: 一, en: One}\ngeneric: native\n", "Object missing required field `topics`"),
        ("title: {zh: 一, en: One}\ngeneric: native\ntopics: [{topic: a, holds: gold}]\n", "Invalid enum value 'gold'"),
        ("a: 1\n---\nb: 2\n", "expected one document, found 2"),
    ],
)
def test_a_broken_family_is_told(tmp_path: Path, few: Path, text: str, cause: str) -> None:
    (tmp_path / FAMILIES).mkdir()
    (tmp_path / FAMILIES / "one.yaml").write_text(text, encoding="utf-8")

    assert any(cause in str(problem) for problem in check_profiles([tmp_path], few, JavaScriptCodecs))
    with pytest.raises(ProfileError, match=cause.replace("(", r"\(")):
        load_profiles([few, tmp_path])


def test_the_guide_shows_a_good_profile_and_every_field_of_a_source(tmp_path: Path) -> None:
    guide = (REPOSITORY / "docs" / "device-vendor.md").read_text(encoding="utf-8")
    shown = re.search(r"```yaml\n(.*?)```", guide, re.DOTALL)
    assert shown is not None

    assert problems(tmp_path, PROFILES, shown[1]) == []
    for field in SourceWritten.__struct_fields__:
        assert f"`{field}`" in guide
