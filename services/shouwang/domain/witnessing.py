"""Who saw a home being opened 入户见证: two different people beside whoever opens it, by person and post.

A site names them as it speaks: by id, by name, or in words where somebody is not in the directory (a neighbour, an
officer of the police). Whoever is known stands in the record as a person with the post that they held there then, so
that a change of posts later does not change who witnessed as what.
"""

from collections.abc import Mapping, Sequence

from shouwang.domain.community import Community
from shouwang.domain.errors import Conflict
from shouwang.domain.levels import post_of
from shouwang.domain.vocabulary import PersonId

WITNESSES = 2
"""Whoever opens a home is seen by two others."""


def witnesses_of(named: Sequence[str], *, actor: str, community: Community) -> list[str]:
    """Ids of those who are in the directory, words for the others, in the order given. Raises Conflict where one is
    named twice, by whatever words, where one is whoever opens it, and where they are too few."""
    opener = _known(actor, community)
    found: dict[str, str] = {}
    for words in named:
        who = _known(words, community)
        if who.casefold() == opener.casefold():
            raise Conflict(f"{words} opens the home, and nobody is their own witness; name two others who saw it")
        if (before := found.get(who.casefold())) is not None:
            same = f"{before!r} and {words!r} are" if before != words else f"{words!r} twice is"
            raise Conflict(f"{same} one person; opening a home needs {WITNESSES} different ones who saw it")
        found[who.casefold()] = words
    if len(found) < WITNESSES:
        raise Conflict(f"opening a home needs {WITNESSES} witnesses beside whoever opens it; found {len(found)}")
    return [_known(words, community) for words in found.values()]


def posts_then(witnesses: Sequence[str], place: str, community: Community) -> Mapping[str, str]:
    """The post that each of them holds there, of those who hold one."""
    held = {one: post_of(one, place, community) for one in witnesses}
    return {one: post for one, post in held.items() if post}


def _known(words: str, community: Community) -> str:
    """The id of the person who is meant: by it, or by a name that only one of them has. Else the words themselves."""
    plain = " ".join(words.split())
    if PersonId(plain) in community.people:
        return plain
    named = [id for id, person in community.people.items() if person.name.casefold() == plain.casefold()]
    return named[0] if len(named) == 1 else plain
