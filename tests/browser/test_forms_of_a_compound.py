"""Forms are printed from the console, of the compound that was chosen."""

from urllib.parse import parse_qs, urlsplit

import pytest

from harness.axe import violations
from harness.browser import Hall
from harness.compound import ROOT
from shouwang.domain.place import Place, PlaceKind
from shouwang.domain.vocabulary import PlaceId

pytestmark = [pytest.mark.servers, pytest.mark.timeout(120)]

OTHER = PlaceId("cj/dm/other")


def asked(url: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(url).query)


def test_a_form_is_of_the_compound_that_was_chosen(hall: Hall) -> None:
    hall.works.register([Place(id=OTHER, kind=PlaceKind.COMPOUND, name="隔壁小区")])
    page = hall.page("/reports")
    page.select_option(".forms-box [name=compound]", label="隔壁小区")
    page.select_option(".forms-box [name=span]", "week")
    assert violations(page) == []
    with page.expect_request("**/reports/print/fire*") as request, page.expect_popup() as popup:
        page.click("[data-form=fire]")
    assert asked(request.value.url)["place"] == [OTHER]
    popup.value.wait_for_selector("text=隔壁小区")
    page.goto(f"{hall.url}/records?tab=patrols")
    page.select_option("[name=compound]", label="隔壁小区")
    with page.expect_request("**/reports/print/patrol*") as request, page.expect_popup():
        page.get_by_role("button", name="打印防火巡查记录").click()
    assert asked(request.value.url)["place"] == [OTHER]
    hall.works.directory.change([], [("place", OTHER)])


def test_where_there_is_one_compound_the_form_is_of_it(hall: Hall) -> None:
    page = hall.page("/reports")
    page.wait_for_selector("[data-compound]:has-text('试验小区')")
    with page.expect_request("**/reports/print/duty*") as request, page.expect_popup() as popup:
        page.click("[data-form=duty]")
    assert asked(request.value.url)["place"] == [ROOT]
    popup.value.wait_for_selector("text=试验小区")
