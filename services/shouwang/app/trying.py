"""The process that tries rules: ``python -m shouwang.app.trying``; a line of JSON in asks, a line out answers.

It may be killed at any instant, and holds nothing that matters. It ends when its parent is gone: nothing is left to
read. The kernel is not asked to say so, because it heeds the thread that began a process, and those of the window come
and go.
"""

import resource
import sys

import msgspec

from shouwang.codecs.expression import expressions
from shouwang.domain.errors import ShouwangError
from shouwang.domain.tryout import Tried, Tryout
from shouwang.registry.tryout import tried

ADDRESS_SPACE = 1 << 30
TRIAL_SECONDS = 20
"""Processor time of one trial at the very most, should the parent not be there to end it."""


def serve() -> None:
    """Until standard input ends."""
    language = expressions()
    decode = msgspec.json.Decoder(Tryout).decode
    for line in sys.stdin.buffer:
        spent = resource.getrusage(resource.RUSAGE_SELF)
        seconds = int(spent.ru_utime + spent.ru_stime) + TRIAL_SECONDS
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))
        try:
            said = tried(decode(line), language)
        except (ShouwangError, ValueError, ArithmeticError, MemoryError, RecursionError) as error:
            said = Tried(failure=str(error) or type(error).__name__)
        sys.stdout.buffer.write(msgspec.json.encode(said) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    serve()
