"""Reads ChirpStack: devices as its envelope says, and gateways, which say in JSON or protobuf that they are there.

Source: ChirpStack's gateway bridge and MQTT forwarder (``[region/]gateway/<id>/state/conn`` and ``…/event/stats``), and
``ConnState`` of its API: field 2 is the state, 1 for online and left out for offline.
"""

from collections.abc import Sequence

from shouwang.domain.envelope import EnvelopeReader
from shouwang.domain.family import Holds
from shouwang.domain.interpretation import Found, Memory
from shouwang.domain.payload import UNREADABLE, read_json
from shouwang.domain.protobuf import Broken, fields
from shouwang.domain.report import Report
from shouwang.domain.vocabulary import Arrival, Refusal

ONLINE = 1


class ChirpstackReader(EnvelopeReader):
    def reports(self, found: Found, arrival: Arrival, memory: Memory) -> Sequence[Report] | Refusal:
        if found.route.adds.get("of") == "statistics":  # each is a sign of life of the gateway, whatever it counts
            return [Report(identity=found.device, fields={}, profile=self.family.gateway)]
        if found.holds is not Holds.GATEWAY:
            return super().reports(found, arrival, memory)
        content, _ = read_json(arrival.payload)
        if isinstance(content, dict) and ("gatewayId" in content or "gatewayID" in content):
            online = str(content.get("state", "")).upper() in ("ONLINE", "1")  # left out where it is offline
        elif content is not UNREADABLE:
            return super().reports(found, arrival, memory)
        else:
            try:
                online = any(number == 2 and value == ONLINE for number, value in fields(arrival.payload))
            except Broken:
                return super().reports(found, arrival, memory)
        return [Report(identity=found.device, fields={}, says={"online": online}, profile=self.family.gateway)]
