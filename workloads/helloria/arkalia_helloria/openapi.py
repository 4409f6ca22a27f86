"""PURE. One description of all that is published, put together from those of the modules.

A module's description is somebody else's text: of it only the operations that are published are
taken, and its schemas get its name before theirs, so that two modules cannot meet.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from arkalia_contract import headers
from arkalia_helloria.routes import Route, RouteTable

Document = dict[str, Any]

COMPONENTS: Final = "#/components/"

SECURITY: Final[Document] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key, or the token of a session.",
    },
    "key": {"type": "apiKey", "in": "header", "name": headers.API_KEY},
}

REFUSALS: Final = {
    "401": "It is not known who asks.",
    "403": "Whoever asks may not.",
    "429": "Too many requests; `Retry-After` says when to come back.",
    "502": "The module broke off.",
    "503": "The module cannot be reached.",
    "504": "The module did not answer in time.",
}

DEEPEST: Final = 64
"""Levels of a description; ours have a dozen."""


class _Form(BaseModel):
    """What is looked at here has this form; what else is said is passed on."""

    model_config = ConfigDict(strict=True)


class _Parameter(_Form):
    name: str = ""


class _Operation(_Form):
    parameters: list[_Parameter] = []
    responses: dict[str, Any] = {}


class _Item(_Form):
    get: _Operation = _Operation()
    put: _Operation = _Operation()
    post: _Operation = _Operation()
    delete: _Operation = _Operation()
    patch: _Operation = _Operation()
    head: _Operation = _Operation()
    options: _Operation = _Operation()


class _Described(_Form):
    paths: dict[str, _Item] = {}
    components: dict[str, dict[str, Any]] = {}


_PARAMETER: Final = re.compile(r"\{([^}:]*)(?::[^}]*)?\}")


def checked(found: Any) -> Document:
    """*found*, if it is a description that can be put together with others. Raises ValueError."""
    level = [found]
    for _ in range(DEEPEST):
        level = [below for each in level for below in _below(each)]
    if level:
        message = f"it has more than {DEEPEST} levels"
        raise ValueError(message)
    _Described.model_validate(found)
    document: Document = found
    return document


def _below(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def merged(own: Document, table: RouteTable, modules: Mapping[str, Document]) -> Document:
    """*own*, the gateway's description, with all that *table* publishes."""
    paths, components = dict(own.get("paths", {})), _copied(own.get("components", {}))
    components["securitySchemes"] = SECURITY
    for public, route in table.routes:
        item = paths.setdefault(_template(public.path), {})
        for method in sorted(route.methods):
            item.setdefault(method.lower(), _operation(public.path, route, method, modules))
    for module, document in modules.items():
        for kind, found in document.get("components", {}).items():
            if kind != "securitySchemes":
                named = {f"{module}.{name}": _renamed(each, module) for name, each in found.items()}
                components.setdefault(kind, {}).update(named)
    return {**own, "paths": paths, "components": components}


def _operation(public: str, route: Route, method: str, modules: Mapping[str, Document]) -> Document:
    described = _described(route, method, modules.get(route.module, {}))
    operation = _renamed(described, route.module) if described else _bare(public)
    name = operation.get("operationId", f"{method.lower()}{public}")
    responses = dict(operation.get("responses", {}))
    for status, meaning in REFUSALS.items():
        responses.setdefault(status, {"description": meaning})
    return {
        **operation,
        "operationId": re.sub(r"[^A-Za-z0-9_.-]+", "_", f"{route.module}.{name}.{public}"),
        "tags": [route.module],
        "responses": responses,
        "security": [{each: sorted(route.scopes) if each == "bearer" else []} for each in SECURITY],
    }


def _described(route: Route, method: str, document: Document) -> Document | None:
    """What the module says of *route*; parameters may have other names there."""
    published = _template(route.path)
    for path, item in document.get("paths", {}).items():
        if _shape(path) == _shape(published):
            found = item.get(method.lower())
            if isinstance(found, dict):
                return _with_names(found, path, published)
    return None


def _with_names(operation: Document, said: str, published: str) -> Document:
    """*operation* with the names of parameters that the published path has."""
    names = dict(zip(_PARAMETER.findall(said), _PARAMETER.findall(published), strict=False))
    parameters = [
        {**each, "name": names.get(each.get("name"), each.get("name"))}
        if isinstance(each, dict) and each.get("in") == "path"
        else each
        for each in operation.get("parameters", [])
    ]
    return {**operation, **({"parameters": parameters} if parameters else {})}


def _bare(public: str) -> Document:
    """An operation of which the module says nothing."""
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PARAMETER.findall(_template(public))
    ]
    told: Document = {"responses": {"200": {"description": "What the module answers."}}}
    return {**told, "parameters": parameters} if parameters else told


def _template(public: str) -> str:
    """The path as OpenAPI has it: a parameter for what goes on below, too."""
    plain = _PARAMETER.sub(r"{\1}", public)
    return f"{plain[:-1]}{{rest}}" if plain.endswith("/*") else plain


def _shape(path: str) -> str:
    return _PARAMETER.sub("{}", path)


def _renamed(value: Any, module: str) -> Any:
    """*value* with references to the module's own components."""
    if isinstance(value, dict):
        return dict(_entries(value, module))
    if isinstance(value, list):
        return [_renamed(each, module) for each in value]
    return value


def _entries(value: Document, module: str) -> Iterator[tuple[str, Any]]:
    for key, each in value.items():
        if key == "$ref" and isinstance(each, str) and each.startswith(COMPONENTS):
            kind, _, name = each.removeprefix(COMPONENTS).partition("/")
            yield key, f"{COMPONENTS}{kind}/{module}.{name}"
        else:
            yield key, _renamed(each, module)


def _copied(components: Document) -> Document:
    return {kind: dict(found) for kind, found in components.items()}
