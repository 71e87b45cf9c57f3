"""How the service is set up, for whoever answers for it: each setting, where it comes from, and no secret."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from shouwang.domain.access import Act
from shouwang.domain.setting import Origin

from .access import Caller, allow_on_site
from .doors import TheWindow
from .paging import Page

router = APIRouter(tags=["access"])


class SettingOut(BaseModel):
    """``value`` as it would be written in the environment; null: not set, or a secret that is set (``is_secret``)."""

    name: str
    value: str | None
    default: str | None
    origin: Origin
    is_secret: bool = Field(description="Set, and shown to nobody.")
    description: str
    variable: str = Field(description="The environment variable that sets it.")


@router.get("/settings")
def list_settings(window: TheWindow, caller: Caller) -> Page[SettingOut]:
    """In the order of docs/operator.md. They are read when the service starts; always one page."""
    allow_on_site(caller, Act.READ_SETTINGS)
    return Page(
        items=[
            SettingOut(
                name=one.name,
                value=one.value,
                default=one.default,
                origin=one.origin,
                is_secret=one.is_secret,
                description=one.description,
                variable=one.variable,
            )
            for one in window.settings
        ]
    )
