"""Readies the shapes of everything that is kept, before the first thread decodes one.

msgspec (0.22) works out how to read a Struct when it is first asked, and shows other threads the half of it that it
has: two that decode their first incident at once can end the process with a segmentation fault, and that is when the
first alarm comes.
"""

from collections.abc import Iterator
from contextlib import suppress

import msgspec

from shouwang.domain.vocabulary import Value


def ready_shapes() -> int:
    """How many. Call it once a process, when its modules are imported and it has no thread yet."""
    count = 0
    for shape in _below(Value):
        with suppress(TypeError):  # of parts that are never read from bytes
            msgspec.json.Decoder(shape)
            count += 1
    return count


def _below(shape: type[Value]) -> Iterator[type[Value]]:
    for one in shape.__subclasses__():
        yield one
        yield from _below(one)
