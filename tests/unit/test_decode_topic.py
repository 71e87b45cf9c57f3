"""Topic templates: what they cover, and what they tell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwang.domain.errors import ProfileError
from shouwang.domain.topic import Template

LEVEL = st.text(st.characters(blacklist_characters="/+#{}", blacklist_categories=["Cs"]), min_size=1, max_size=6)


def match(template: str, topic: str, *, bases: list[str] | None = None, any_base: bool = False) -> list[str] | None:
    read = Template(topic=template, bases=bases or ["z"])
    found = read.match(topic, any_base=any_base)
    assert found is None or any_base or read.may_have(topic.count("/") + 1)
    return None if found is None else [found.device, found.base]


@pytest.mark.parametrize(
    ("template", "topic", "names"),
    [
        ("a/b", "a/b", ["", ""]),
        ("a/b", "a/b/c", None),
        ("a/b", "a", None),
        ("a/+/c", "a/x/c", ["", ""]),
        ("a/#", "a", ["", ""]),
        ("a/#", "a/b/c", ["", ""]),
        ("a/{device}/c", "a/x/c", ["x", ""]),
        ("a/{device}/c", "a//c", None),
        ("a/{device}/#", "a/x/c/d", ["x", ""]),
        ("/{device}/up", "/x/up", ["x", ""]),
        ("{base}/{device+}", "z/x/y", ["x/y", "z"]),
        ("{base}/{device+}", "z", None),
        ("{base}/{device+}", "q/x", None),
        ("{base}/{device+}/set/+", "z/x/y/set/state", ["x/y", "z"]),
        ("{base}/{device+}/set/+", "z/set/state", None),
        ("{base}/bridge/#", "z/bridge", ["", "z"]),
    ],
)
def test_a_template_tells_the_names_in_a_topic(template: str, topic: str, names: list[str] | None) -> None:
    assert match(template, topic) == names


def test_a_base_may_have_several_levels_and_there_may_be_several() -> None:
    assert match("{base}/{device+}", "east/z/x", bases=["z", "east/z"]) == ["x", "east/z"]
    assert match("{base}/{device+}", "z/x", bases=["z", "east/z"]) == ["x", "z"]


SHAPES = ["a", "+", "{base}", "x{base}", "{gateway}", "{device}", "{device+}", "#"]


@given(
    st.lists(st.sampled_from(SHAPES), min_size=1, max_size=5, unique=True),
    st.lists(st.sampled_from("az"), min_size=1, max_size=8),
)
def test_a_topic_with_other_levels_than_a_template_may_have_is_not_covered(shape: list[str], levels: list[str]) -> None:
    try:
        template = Template("/".join(shape), ["z", "a/z"])
    except ProfileError:
        return
    if template.match("/".join(levels)) is not None:
        assert template.may_have(len(levels))


def test_an_unknown_base_is_the_first_level_where_the_family_is_known() -> None:
    assert match("{base}/{device+}", "q/x/y", any_base=True) == ["x/y", "q"]


@pytest.mark.parametrize(
    "template",
    [
        "",
        "a//b",
        "a/#/b",
        "{device+}/#",
        "{device}/{device}",
        "a/{one}{two}",
        "{device}/{device+}",
        "a+/b",
        "a#",
    ],
)
def test_what_is_no_template_is_the_authors_error(template: str) -> None:
    with pytest.raises(ProfileError):
        Template(template, ["z"])


@given(st.lists(LEVEL, min_size=1, max_size=8))
def test_a_name_of_any_levels_comes_back_whole(levels: list[str]) -> None:
    name = "/".join(levels)

    assert match("{base}/{device+}", f"z/{name}") == [name, "z"]
    assert match("{base}/{device+}/availability", f"z/{name}/availability") == [name, "z"]
