"""No shape is first worked out by two threads at once: msgspec can end the process then, at the first alarm."""

import subprocess
import sys

_WATCHED = """
import sys
import msgspec
import shouwang.app.intake, shouwang.app.server
from shouwang.app.shapes import ready_shapes
from shouwang.domain.incident import Incident
from shouwang.domain.notice import Delivery
from shouwang.domain.place import Device

if "ready" in sys.argv:
    ready_shapes()
worked_out = []
def watch(frame, event, _):
    if event == "call" and frame.f_code.co_name == "get_class_annotations":
        worked_out.append(frame.f_locals["obj"].__name__)
sys.setprofile(watch)
for shape in (Incident, Delivery, Device):
    msgspec.json.Decoder(shape)
sys.setprofile(None)
print(",".join(worked_out))
"""


def worked_out(*how: str) -> list[str]:
    """The shapes that a process still had to work out when it read its first case."""
    done = subprocess.run([sys.executable, "-c", _WATCHED, *how], capture_output=True, text=True, check=True)
    return [name for name in done.stdout.strip().split(",") if name]


def test_server_and_intake_know_all_shapes_before_they_have_threads() -> None:
    assert "Incident" in worked_out()
    assert worked_out("ready") == []
