"""The one-tap page as HTML: for any phone, in any app's browser, without script, within a few kilobytes."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from html import escape

from shouwang.domain.alert import CLASS_ZH
from shouwang.domain.briefing import Briefing, Colleague
from shouwang.domain.checklist import Words
from shouwang.domain.community import Community
from shouwang.domain.directions import Called
from shouwang.domain.errors import ConfigError
from shouwang.domain.incident import IncidentState, is_live
from shouwang.domain.message import CLASS_EN
from shouwang.domain.moment import moment
from shouwang.domain.notice import DeliveryState
from shouwang.domain.shift import timezone
from shouwang.domain.vocabulary import Instant

STYLE = (
    "body{font:18px/1.5 sans-serif;margin:0 auto;padding:12px;max-width:34em;background:#fff;color:#111}"
    "h1{font-size:24px;margin:0 0 8px}h2{font-size:18px;margin:16px 0 4px}"
    "p,ul{margin:4px 0}.mark{background:#8a5a00;color:#fff;padding:6px 10px;border-radius:4px}"
    ".class{color:#b00020;font-weight:bold}.note{background:#fff4cc;padding:8px 10px;border-radius:4px}"
    "button{display:block;width:100%;font-size:20px;padding:14px;margin:10px 0;border:0;border-radius:8px;"
    "background:#b00020;color:#fff}button.soft{background:#e4e4e4;color:#111}"
    ".never{border:2px solid #b00020;color:#b00020;font-weight:bold;padding:6px 10px;margin:8px 0;border-radius:4px}"
    "a.call{display:inline-block;padding:8px 14px;margin:4px 0;border:1px solid #555;border-radius:8px;color:#111;"
    "font-weight:bold}"
)
STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

_BUTTONS: Sequence[tuple[str, str, str]] = (
    ("acknowledge", "我接警", "I have it"),
    ("en-route", "我已出发", "I am on my way"),
    ("arrive", "我已到场", "I am on the scene"),
    ("decline", "我去不了", "I cannot come"),
)
_STATES: Mapping[IncidentState, tuple[str, str]] = {
    IncidentState.OPEN: ("等待接警", "waiting for somebody"),
    IncidentState.ACKNOWLEDGED: ("已接警", "acknowledged"),
    IncidentState.EN_ROUTE: ("已出动", "on the way"),
    IncidentState.ON_SCENE: ("已到场", "on the scene"),
    IncidentState.RESOLVED: ("已办结", "resolved"),
    IncidentState.CLOSED: ("已归档", "closed"),
}
_DID: Mapping[DeliveryState, tuple[str, str]] = {
    DeliveryState.QUEUED: ("正在通知", "being told"),
    DeliveryState.LEASED: ("正在通知", "being told"),
    DeliveryState.SENT: ("已发出", "sent"),
    DeliveryState.DELIVERED: ("已送达", "delivered"),
    DeliveryState.SEEN: ("已看到", "seen"),
    DeliveryState.ANSWERED: ("已应答", "answered"),
    DeliveryState.UNREACHABLE: ("暂未通知到", "not reached yet"),
}


def show(page: Briefing, community: Community, *, note: str = "") -> str:
    """The page of a delivery. ``note``: what became of the act that was just tried."""
    index = _index(page.language)
    say = [
        _marks(page, index),
        f"<p class=note>{escape(note)}</p>" if note else "",
        f"<h1><span class=class>{_class(page, index)}</span> {escape(_title(page, index))}</h1>",
        *(f"<p><b>{escape(where)}</b></p>" for where in page.where),
        f"<p>{('发生', 'since')[index]} {_clock(page.since, community)} · {_STATES[page.state][index]}"
        + (f" · {escape(page.holder)}" if page.holder else "")
        + "</p>",
        _never(page, index),
        _form(page, index) if is_live(page.state) else f"<p class=note>{('此警情已结束', 'It is over')[index]}</p>",
        _list(("您要做的", "Your tasks")[index], [_said(words, index) for words in page.tasks]),
        *(_list(title[index], items, escaped=True) for title, items in _entry(page, index)),
        _list(("已通知", "Told too")[index], [_colleague(one, index) for one in page.colleagues], escaped=True),
    ]
    return _page("".join(say), page.language)


def show_test(language: str, code: str, *, is_confirmed: bool) -> str:
    """The page of a test message: one button that proves that it was read."""
    index = _index(language)
    if is_confirmed:
        body = f"<h1>{('谢谢，已确认', 'Thank you: confirmed')[index]}</h1>"
    else:
        body = (
            f"<h1>{('这是一条测试消息', 'This is a test message')[index]}</h1>"
            f"<p>{('请点一下，确认您能收到报警。', 'Press once to confirm that alarms reach you.')[index]}</p>"
            f"<p>{('确认码', 'Code')[index]}：<b>{escape(code)}</b></p>"
            f"<form method=post>{_button('confirm', ('我收到了', 'I got it')[index], soft=False)}</form>"
        )
    return _page(body, language)


def show_refusal(zh: str, en: str) -> str:
    return _page(f"<h1>{escape(zh)}</h1><p lang=en>{escape(en)}</p>", "zh")


def _page(body: str, language: str) -> str:
    lang = "zh-CN" if language.startswith("zh") else escape(language)
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">'
        f"<title>守望</title><style>{STYLE}</style></head><body>{body}</body></html>"
    )


def _marks(page: Briefing, index: int) -> str:
    marks = [("演练，不是真实警情", "DRILL, not a real alarm")[index]] if page.drill else []
    marks += [("测试", "TEST")[index]] if page.test else []
    marks += [("双点报警", "two detectors")[index]] if page.confirmed else []
    return "".join(f"<p class=mark>{mark}</p>" for mark in marks)


def _class(page: Briefing, index: int) -> str:
    return CLASS_EN[page.klass] if index else CLASS_ZH[page.klass]


def _title(page: Briefing, index: int) -> str:
    return page.title.get("en" if index else "zh") or next(iter(page.title.values()), "")


def _never(page: Briefing, index: int) -> str:
    if not (page.never and is_live(page.state)):
        return ""
    rows = "".join(f"<p>{('不许：', 'Never: ')[index]}{escape(_said(words, index))}</p>" for words in page.never)
    return f"<div class=never>{rows}</div>"


def _said(words: Words, index: int) -> str:
    return words.get("en" if index else "zh") or next(iter(words.values()), "")


def _entry(page: Briefing, index: int) -> Sequence[tuple[tuple[str, str], list[str]]]:
    """Rows of HTML under each heading."""
    entry = page.entry
    helped = [f"<b>{escape(one.where)}</b> {escape('、'.join(one.needs))}" for one in page.helped]
    return (
        (("进入方式", "How to get in"), [escape(one) for one in entry.access]),
        (("钥匙保管人", "Who has a key"), [_called(one, index) for one in entry.key_holders]),
        (("需要协助", "Needs help"), [escape(one) for one in entry.needs]),
        (("家属", "Family"), [_called(one, index) for one in entry.contacts]),
        (("着火层及以上需协助疏散", "To be helped out on this floor and above"), helped),
    )


def _called(one: Called, index: int) -> str:
    """Whom to call, with a button that calls."""
    number = "".join(char for char in one.phone if char.isdigit() or char in "+*#")
    call = f' <a class=call href="tel:{number}">{("拨打", "Call")[index]}</a>' if number else ""
    return f"{escape(one.words)}{call}"


def _list(title: str, items: Sequence[str], *, escaped: bool = False) -> str:
    rows = "".join(f"<li>{item if escaped else escape(item)}" for item in items)
    return f"<h2>{title}</h2><ul>{rows}</ul>" if rows else ""


def _colleague(one: Colleague, index: int) -> str:
    return f"{escape(one.name)} · {_DID.get(one.did, ('', ''))[index]}"


def _form(page: Briefing, index: int) -> str:
    offered = [act for act in _BUTTONS if _is_offered(act[0], page)]
    buttons = "".join(_button(act, (zh, en)[index], soft=act == "decline") for act, zh, en in offered)
    said = (
        f"<p class=note>{('您已回复去不了', 'You said that you cannot come')[index]}</p>" if page.has_declined else ""
    )
    return f"{said}<form method=post>{buttons}</form>"


def _is_offered(act: str, page: Briefing) -> bool:
    match act:
        case "acknowledge":
            return page.state is IncidentState.OPEN and not page.is_mine
        case "en-route":
            return page.state in (IncidentState.OPEN, IncidentState.ACKNOWLEDGED)
        case "decline":
            return not page.has_declined and page.state is not IncidentState.ON_SCENE
        case _:
            return True


def _button(act: str, label: str, *, soft: bool) -> str:
    return f'<button name=act value="{act}"{" class=soft" if soft else ""}>{label}</button>'


def _clock(at: Instant, community: Community) -> str:
    try:
        return f"{moment(at).astimezone(timezone(community.site.timezone)):%m-%d %H:%M}"
    except ConfigError:
        return f"{moment(at):%m-%d %H:%MZ}"


def _index(language: str) -> int:
    return 0 if language.startswith("zh") else 1
