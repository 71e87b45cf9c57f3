"""The API's own reference as one page, drawn from its OpenAPI document: no script, nothing from outside."""

import re
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

router = APIRouter(include_in_schema=False)

_HEAD = """<!doctype html><html lang="zh-CN"><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><title>守望 API</title>
<link rel="icon" href="/icon.svg"><link rel="stylesheet" href="/reference.css">"""

Document = Mapping[str, Any]


@router.get("/docs")
def docs(request: Request) -> HTMLResponse:
    return HTMLResponse(drawn(request.app.openapi()))


def drawn(document: Document) -> str:
    """An OpenAPI 3.1 document as a page."""
    operations = list(_operations(document))
    tags = list(dict.fromkeys(tag for tag, _, _, _ in operations))
    links = "".join(f'<a href="#{escape(tag)}">{escape(tag)}</a>' for tag in tags)
    info = document["info"]
    parts = [
        _HEAD,
        f"<nav><b>守望 API</b>{links}<a href='#shapes'>shapes</a><a href='openapi.json'>openapi.json</a></nav><main>",
        f"<h1>{escape(info['title'])} <small>{escape(info['version'])}</small></h1>",
        f"<p>{_prose(info.get('description', ''))}</p>",
    ]
    for tag in tags:
        parts.append(f'<h2 id="{escape(tag)}">{escape(tag)}</h2>')
        parts.extend(_operation(method, path, operation) for of, method, path, operation in operations if of == tag)
    parts.append('<h2 id="shapes">shapes</h2>')
    parts.extend(_shape(name, shape) for name, shape in sorted(document["components"]["schemas"].items()))
    parts.append("</main></html>")
    return "\n".join(parts)


def _operations(document: Document) -> Iterator[tuple[str, str, str, Document]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield operation.get("tags", ["other"])[0], method, path, operation


def _operation(method: str, path: str, operation: Document) -> str:
    about = _prose(operation.get("description", ""))
    rows = "".join(_parameter(one) for one in operation.get("parameters", ()))
    table = f"<table>{rows}</table>" if rows else ""
    body = _content(operation.get("requestBody", {}))
    sends = f"<p>body {body}</p>" if body else ""
    answers = " · ".join(_answers(operation))
    return (
        f'<section><h3><span class="{method}">{method.upper()}</span> <code>{escape(path)}</code></h3>'
        f"<p>{about}</p>{table}{sends}<p class='muted'>{answers}</p></section>"
    )


def _parameter(one: Document) -> str:
    needed = " *" if one.get("required") else ""
    return (
        f"<tr><td><code>{escape(one['name'])}</code>{needed}</td><td class='muted'>{escape(one['in'])}</td>"
        f"<td>{_type(one.get('schema', {}))}</td><td>{_prose(one.get('description', ''))}</td></tr>"
    )


def _answers(operation: Document) -> Iterator[str]:
    for status, answer in operation.get("responses", {}).items():
        yield f"{escape(status)} {_content(answer) or escape(answer.get('description', ''))}"


def _content(holder: Document) -> str:
    return " ".join(_type(one["schema"]) for one in holder.get("content", {}).values() if one.get("schema"))


def _shape(name: str, shape: Document) -> str:
    about = _prose(shape.get("description", ""))
    head = f'<section id="shape-{escape(name)}"><h3><code>{escape(name)}</code></h3><p>{about}</p>'
    if "enum" in shape:
        return f"{head}<p>{_words(shape['enum'])}</p></section>"
    needed = shape.get("required", ())
    rows = "".join(
        f"<tr><td><code>{escape(field)}</code>{' *' if field in needed else ''}</td><td>{_type(of)}</td>"
        f"<td>{_prose(of.get('description', ''))}</td></tr>"
        for field, of in shape.get("properties", {}).items()
    )
    return f"{head}<table>{rows}</table></section>"


def _type(schema: Document) -> str:
    """A schema in a few words, with a link to the shape that it names."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#shape-{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_type(one) for one in schema["anyOf"])
    if "enum" in schema:
        return _words(schema["enum"])
    kind = schema.get("type", "anything")
    if kind == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"map of {_type(schema['additionalProperties'])}"
    form = schema.get("format") or schema.get("pattern")
    return escape(f"{kind} ({form})" if form else str(kind))


def _prose(text: str) -> str:
    """A docstring as a paragraph: what stands in backticks is code."""
    return re.sub(r"`+([^`]+)`+", r"<code>\1</code>", escape(text)).replace("\n", " ")


def _words(words: Iterable[object]) -> str:
    return " ".join(f"<code>{escape(str(word))}</code>" for word in words)
