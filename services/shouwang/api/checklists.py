"""Which checklists there are: what ``GET /incidents/{id}/checklist?id=`` may ask for."""

from fastapi import APIRouter

from shouwang.domain.access import Act

from .access import Caller, allow
from .doors import TheWindow
from .handling_sheets import ListedOut
from .paging import Page

router = APIRouter(prefix="/checklists", tags=["incidents"])


@router.get("")
def list_checklists(window: TheWindow, caller: Caller) -> Page[ListedOut]:
    """All of them, in their order."""
    allow(caller, Act.READ)
    lists = [ListedOut(id=one.id, title=one.title, classes=list(one.classes)) for one in window.checklists()]
    return Page(items=lists, next=None)
