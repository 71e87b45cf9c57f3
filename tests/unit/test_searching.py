"""Looking for places: by path, by names, by the short form."""

from hypothesis import given
from hypothesis import strategies as st

from shouwang.domain.place import Place, PlaceKind
from shouwang.domain.searching import asked, is_found, spoken
from shouwang.domain.vocabulary import PlaceId

ROWS = (
    ("jinyuan", PlaceKind.COMPOUND, "锦园小区"),
    *((f"jinyuan/b{number}", PlaceKind.BUILDING, f"{number}号楼") for number in (3, 13)),
    *((f"jinyuan/b{number}/u2", PlaceKind.UNIT, "2单元") for number in (3, 13)),
    *((f"jinyuan/b{number}/u2/f5", PlaceKind.FLOOR, "5层") for number in (3, 13)),
    *((f"jinyuan/b{number}/u2/f5/501", PlaceKind.DWELLING, "501") for number in (3, 13)),
    ("jinyuan/gate-n", PlaceKind.AREA, "North Gate"),
)
PLACES = {PlaceId(path): Place(id=PlaceId(path), kind=kind, name=name) for path, kind, name in ROWS}
SPOKEN = spoken(PLACES)


def found(text: str) -> list[str]:
    words = asked(text)
    return [path for path in sorted(PLACES) if is_found(words, SPOKEN[path])]


def test_a_place_is_found_by_its_path_and_what_is_below_with_it() -> None:
    assert found("jinyuan/b3/u2/f5") == ["jinyuan/b3/u2/f5", "jinyuan/b3/u2/f5/501"]


def test_names_are_found_with_blanks_and_without_and_a_place_comes_before_what_is_in_it() -> None:
    assert found("3号楼 2单元 501") == found("3号楼2单元5层501") == ["jinyuan/b3/u2/f5/501"]
    assert found("锦园 3号楼")[0] == "jinyuan/b3"


def test_a_number_is_not_found_in_the_middle_of_another() -> None:
    assert not any("b13" in path for path in found("3号楼"))
    assert found("13号楼")[0] == "jinyuan/b13"


def test_the_short_form_finds_one_home() -> None:
    assert found("3-2-501") == ["jinyuan/b3/u2/f5/501"]
    assert found("2-501") == ["jinyuan/b13/u2/f5/501", "jinyuan/b3/u2/f5/501"]


def test_case_and_width_do_not_matter() -> None:
    assert found("north") == found("ＮＯＲＴＨ") == ["jinyuan/gate-n"]


def test_nothing_asked_finds_everything() -> None:
    assert found(" ， ") == sorted(PLACES)


@given(st.text(max_size=40))
def test_any_text_may_be_asked(text: str) -> None:
    assert set(found(text)) <= set(PLACES)


@given(st.sampled_from(sorted(PLACES)), st.text(max_size=10))
def test_more_words_never_find_more(path: str, more: str) -> None:
    assert set(found(f"{path} {more}")) <= set(found(path))
