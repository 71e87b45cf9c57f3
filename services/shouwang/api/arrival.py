"""Whether somebody is where they say: a tag, a press of a device there, or a photo taken now."""

from shouwang.domain.casefile import CaseFile, Proof
from shouwang.domain.community import Community
from shouwang.domain.grouping import around_of
from shouwang.domain.incident import Incident
from shouwang.domain.label import LABEL
from shouwang.domain.patrol import point_of
from shouwang.domain.place import PlaceKind, is_within
from shouwang.domain.vocabulary import MINUTE, DeviceId, PlaceId

from .doors import Window
from .problems import invalid

FRESH = 5 * MINUTE
"""A press or a photo that proves an arrival is not older."""


def proven(window: Window, incident: Incident, proof: Proof | None, reference: str) -> str:
    """The reference as it proves an arrival. Raises Problem where it does not."""
    match proof:
        case None:
            return ""
        case Proof.PHOTO:
            files = (incident.file or CaseFile()).files
            photo = next((one for one in files if one.id == reference and one.type.startswith("image/")), None)
            if photo is None or window.clock.now() - photo.at > FRESH:
                raise invalid("body/reference", "is no photo that was attached to this case in the last 5 minutes")
            return reference
        case Proof.TAG:
            if not _is_near(window, incident, _place_of(window.directory.community(), reference)):
                raise invalid(
                    "body/reference", f"{reference!r} is no label of a device, patrol tag or place where this case is"
                )
            return reference.removeprefix(LABEL)
        case Proof.TEST_PRESS:
            device = window.directory.community().devices.get(DeviceId(reference))
            if device is None or not _is_near(window, incident, device.place):
                raise invalid("body/reference", f"{reference!r} is no device where this case is")
            state = window.board.states([device.id]).get(device.id)
            pressed = [
                one.received_at
                for name, one in (state.values if state else {}).items()
                if name.partition("@")[0] in ("test", "action", "emergency") and one.value not in (False, "")
            ]
            if not pressed or window.clock.now() - max(pressed) > FRESH:
                raise invalid("body/reference", f"{reference!r} was not pressed in the last 5 minutes")
            return reference


def _place_of(community: Community, reference: str) -> PlaceId:
    """Where a code hangs: the label of a device, the tag of a patrol's point, or a place by its path."""
    device = community.devices.get(DeviceId(reference.removeprefix(LABEL)))
    found = point_of(community, reference)
    if device is not None:
        return device.place
    return found[1].place if found else PlaceId(reference.strip("/"))


def _is_near(window: Window, incident: Incident, place: str) -> bool:
    """Within the unit (else the place) of any place of the case."""
    places = window.directory.community().places
    around = [around_of(one, PlaceKind.UNIT, places) or one for one in (incident.place, *incident.places)]
    return any(is_within(place, one) for one in around)
