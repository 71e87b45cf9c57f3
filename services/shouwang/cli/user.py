"""``shouwang user``: people who sign in with a password, which is never an argument, where others could see it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from shouwang.domain.vocabulary import Instant
    from shouwang.store.database import Database
    from shouwang.store.users import SqlUsers

ROLES = ("admin", "operator", "responder", "installer", "viewer", "auditor")
SHORTEST = 8

BY = "command-line"
"""How the journal calls whoever runs a verb: it cannot tell more."""

data_dir = click.option("--data-dir", type=click.Path(path_type=Path), help="Default ./var.")
state = click.option("--state", metavar="URL", help="sqlite:///FILE or postgresql://…; default in the data directory.")


@click.group()
def user() -> None:
    """Add and end people who sign in with a password. Works while the service runs.

    The password is asked for; without a terminal it is the first line of standard input, and where that is empty one is
    made and printed.
    """


@user.command()
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), required=True, help="What the user may do.")
@click.option("--place", metavar="PATH", help="Confine the user to this place and all below it.")
@click.option("--person", metavar="ID", help="Whom of the directory the user is: acts are that person's.")
@data_dir
@state
def add(name: str, role: str, place: str | None, person: str | None, data_dir: Path | None, state: str | None) -> None:
    """Add a user."""
    from shouwang.domain.access import Role
    from shouwang.domain.errors import ConfigError
    from shouwang.domain.vocabulary import PersonId, PlaceId
    from shouwang.store.directory import SqlDirectory

    with _users(data_dir, state) as (users, database, now):
        community = SqlDirectory(database, lambda: now).community()
        if person is not None and PersonId(person) not in community.people:
            raise ConfigError(f"--person {person}: there is no such person in the directory")
        if place is not None and PlaceId(place) not in community.places:
            click.echo(f"note: {place} is not in the directory yet; the user sees nothing until it is", err=True)
        if any(one.name == name for one in users.live()):
            raise click.ClickException(f"there is a user {name} already; `shouwang user password {name}` changes it")
        password, made = _password()
        users.add(
            name=name,
            password=password,
            role=Role(role),
            now=now,
            place=PlaceId(place) if place else None,
            person=PersonId(person) if person else None,
            by=BY,
        )
    _say(name, password if made else None)


@user.command()
@click.argument("name")
@data_dir
@state
def password(name: str, data_dir: Path | None, state: str | None) -> None:
    """Change a user's password; signs the user out everywhere."""
    with _users(data_dir, state) as (users, _, now):
        new, made = _password()
        users.set_password(name, new, now=now, by=BY)
    _say(name, new if made else None)


@user.command()
@click.argument("name")
@data_dir
@state
def remove(name: str, data_dir: Path | None, state: str | None) -> None:
    """End a user. What the user did stays in the records."""
    with _users(data_dir, state) as (users, _, now):
        users.remove(name, now, by=BY)


@user.command(name="list")
@data_dir
@state
def list_users(data_dir: Path | None, state: str | None) -> None:
    """Users: name, role, place."""
    with _users(data_dir, state) as (users, _, _):
        for one in users.live():
            click.echo(f"{one.name}\t{one.role}\t{one.place or '-'}")


@contextmanager
def _users(data_dir: Path | None, state: str | None) -> Iterator[tuple["SqlUsers", "Database", "Instant"]]:
    from shouwang.app.clock import SystemClock
    from shouwang.settings import read_settings
    from shouwang.store.database import Database
    from shouwang.store.users import SqlUsers

    database = Database(read_settings(data_dir=data_dir, state=state).state_url)
    try:
        database.create()
        yield SqlUsers(database), database, SystemClock().now()
    finally:
        database.close()


def _password() -> tuple[str, bool]:
    """The password, and whether it was made here. Raises a usage error for one that is too short."""
    import secrets

    if sys.stdin.isatty():
        given = click.prompt("Password", hide_input=True, confirmation_prompt=True, type=str)
    else:
        given = sys.stdin.readline().rstrip("\r\n")
    if not given:
        return secrets.token_urlsafe(12), True
    if len(given) < SHORTEST:
        raise click.UsageError(f"the password has {len(given)} characters; expected {SHORTEST} or more")
    return given, False


def _say(name: str, made: str | None) -> None:
    if made is None:
        click.echo(f"{name} may sign in", err=True)
    else:
        click.echo(made)
