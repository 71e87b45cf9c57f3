"""What a doctor says of the ways to people."""

from shouwang.domain.community import Community
from shouwang.domain.duty import Contact, Person, PostHolder
from shouwang.domain.notice import Failure
from shouwang.domain.pulse import ChannelState, Fare
from shouwang.domain.vocabulary import HOUR, MINUTE, PersonId, PlaceId
from shouwang.flows.diagnosis import Examination, Level, Symptom, diagnose

WANG = Person(id=PersonId("wang"), name="王某", channels=[Contact(kind="sms"), Contact(kind="voice")])
COMMUNITY = Community(
    people={WANG.id: WANG}, posts=[PostHolder(place=PlaceId("cj"), post="patrol", person=PersonId("wang"))]
)
FAILING = Fare(state=ChannelState.FAILING, reason=Failure.AUTH, since=0, used=True, detail="sms.example: HTTP 403")


def said(at: int | None = HOUR, **fares: Fare) -> list[Symptom]:
    seen = Examination(community=COMMUNITY, profiles={}, states={}, now=HOUR, channels=fares, channels_at=at)
    return [symptom for symptom in diagnose(seen) if symptom.about == "channels"]


def test_a_channel_that_fails_is_named_with_its_code_and_for_how_long() -> None:
    found = said(sms=FAILING, voice=Fare(state=ChannelState.ALIVE, used=True))
    assert [each.level for each in found] == [Level.WARNING, Level.OK]
    assert found[0].found == "sms has failed for 60 min (auth): sms.example: HTTP 403"


def test_whom_no_channel_reaches_is_a_failure_and_what_nobody_uses_is_left_out() -> None:
    found = said(sms=FAILING, voice=Fare(state=ChannelState.OFF, used=True), email=Fare(state=ChannelState.OFF))
    assert found[0].level is Level.FAILURE
    assert "wang" in found[0].found
    assert not any("email" in each.found for each in found)


def test_what_was_never_tried_is_not_called_well() -> None:
    (found,) = said(sms=Fare(state=ChannelState.UNPROVEN, used=True))
    assert found.level is Level.WARNING
    assert "unproven" in found.found


def test_channels_of_a_service_that_does_not_run_are_unknown() -> None:
    for at in (None, HOUR - 16 * MINUTE):
        (found,) = said(at, sms=FAILING)
        assert found.level is Level.WARNING
        assert "does not run" in found.found
