"""``shouwang token``: bearer tokens for people and machines. A token is shown once; what is kept is its hash."""

from pathlib import Path

import click

ROLES = ("admin", "operator", "responder", "installer", "viewer", "auditor")

BY = "command-line"

data_dir = click.option("--data-dir", type=click.Path(path_type=Path), help="Default ./var.")
state = click.option("--state", metavar="URL", help="sqlite:///FILE or postgresql://…; default in the data directory.")


@click.group()
def token() -> None:
    """Make and end tokens of the API. Works while the service runs, which notices within a second."""


@token.command()
@click.option("--role", type=click.Choice(ROLES), required=True, help="What the token may do.")
@click.option("--place", metavar="PATH", help="Confine it to this place and all below it.")
@click.option("--name", help="How the journal calls whoever bears it; default: its role.")
@click.option("--person", metavar="ID", help="Whom of the directory it stands for: acts are that person's.")
@data_dir
@state
def create(
    role: str, place: str | None, name: str | None, person: str | None, data_dir: Path | None, state: str | None
) -> None:
    """Print a new token, alone."""
    from shouwang.app.clock import SystemClock
    from shouwang.domain.access import Role
    from shouwang.domain.errors import ConfigError
    from shouwang.domain.vocabulary import PersonId, PlaceId
    from shouwang.settings import read_settings
    from shouwang.store.database import Database
    from shouwang.store.directory import SqlDirectory
    from shouwang.store.tokens import SqlTokens

    database = Database(read_settings(data_dir=data_dir, state=state).state_url)
    try:
        database.create()
        clock = SystemClock()
        community = SqlDirectory(database, clock.now).community()
        if person is not None and PersonId(person) not in community.people:
            raise ConfigError(f"--person {person}: there is no such person in the directory")
        if place is not None and PlaceId(place) not in community.places:
            click.echo(f"note: {place} is not in the directory yet; the token sees nothing until it is", err=True)
        text = SqlTokens(database).create(
            role=Role(role),
            name=name or role,
            now=clock.now(),
            place=PlaceId(place) if place else None,
            person=PersonId(person) if person else None,
            by=BY,
        )
    finally:
        database.close()
    click.echo(text)


@token.command()
@click.argument("id")
@data_dir
@state
def revoke(id: str, data_dir: Path | None, state: str | None) -> None:
    """End a token by its id, or by the token itself."""
    from shouwang.app.clock import SystemClock
    from shouwang.domain.errors import NotFound
    from shouwang.settings import read_settings
    from shouwang.store.database import Database
    from shouwang.store.tokens import SqlTokens

    database = Database(read_settings(data_dir=data_dir, state=state).state_url)
    try:
        database.create()
        tokens, now = SqlTokens(database), SystemClock().now()
        borne = tokens.find(id, now)
        if not tokens.revoke(borne.id if borne else id, now, by=BY):
            raise NotFound(f"there is no live token {id[:12]}")
    finally:
        database.close()


@token.command(name="list")
@data_dir
@state
def list_tokens(data_dir: Path | None, state: str | None) -> None:
    """Live tokens: id, role, name, place."""
    from shouwang.app.clock import SystemClock
    from shouwang.settings import read_settings
    from shouwang.store.database import Database
    from shouwang.store.tokens import SqlTokens

    database = Database(read_settings(data_dir=data_dir, state=state).state_url)
    try:
        database.create()
        for one in SqlTokens(database).live(SystemClock().now()):
            click.echo(f"{one.id}\t{one.role}\t{one.name}\t{one.place or '-'}")
    finally:
        database.close()
