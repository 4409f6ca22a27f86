"""A pydantic model as a Kubernetes structural schema. Pure.

Pydantic speaks JSON Schema 2020-12; a CustomResourceDefinition takes a subset of an older dialect
in which every node has one type and nothing is referenced
(https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema).
What has a counterpart is rewritten; what has none is refused with the field's path, so that a
model never promises something that the API server does not check.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, NoReturn

from pydantic import BaseModel

Schema = dict[str, Any]

VALIDATIONS: Final = "x-kubernetes-validations"
INT_OR_STRING: Final = "x-kubernetes-int-or-string"
PRESERVED: Final = "x-kubernetes-preserve-unknown-fields"

UNCHANGED: Final = (
    *("description", "type", "format", "enum", "default"),
    *("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "multipleOf"),
    *("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"),
    "required",
)
"""Keywords that mean the same in both dialects once the rewriting below is done, in the order in
which a reader wants them."""

DROPPED: Final = frozenset({"title", "additionalProperties", "propertyNames"})
"""Keywords without a counterpart; the two about maps are looked at before they go."""

FORMATS: Final = frozenset({"date-time", "int32", "int64"})
"""Formats that pydantic and Kubernetes read alike."""

ADVICE: Final = {
    "uniqueItems": "use a list with x-kubernetes-list-type: set",
    "prefixItems": "use an object with named fields",
    "patternProperties": "use a map, and a CEL rule on its keys",
    "oneOf": "use optional fields side by side, and a CEL rule that exactly one is set",
    "discriminator": "use optional fields side by side, and a CEL rule that exactly one is set",
    "pattern": "use a CEL rule: its message can say what to write",
    "examples": "put the example into the description",
}
"""What to write in place of a keyword that is refused."""

LENGTHS: Final = {
    "array": {"minLength": "minItems", "maxLength": "maxItems"},
    "object": {"minLength": "minProperties", "maxLength": "maxProperties"},
}
"""How a bound on the length is called for each type that is not a string."""


class InexpressibleError(ValueError):
    """A model says something that a structural schema cannot say; the text begins with the path."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the model a node stands."""

    definitions: Mapping[str, Schema]
    path: str
    inside: tuple[str, ...] = ()
    """The definitions that were entered on the way; one that comes again has no end."""

    def below(self, step: str) -> _Place:
        return replace(self, path=f"{self.path}{step}")

    def refuse(self, what: str, advice: str) -> NoReturn:
        msg = f"{self.path}: {what} has no structural form: {advice}"
        raise InexpressibleError(msg)


def structural_schema(model: type[BaseModel]) -> Schema:
    """The structural schema of *model*, with real defaults.

    A default that is an object holds only what differs from the defaults of its own fields: `{}`
    where nothing does. Raises InexpressibleError.
    """
    document = model.model_json_schema(by_alias=True, mode="validation")
    return _convert(document, _Place(document.get("$defs", {}), model.__name__))


def _convert(node: Schema, place: _Place) -> Schema:
    node, place = _inlined(_without_null(node, place), place)
    node = _renamed(node)
    _refuse_the_inexpressible(node, place)
    schema = _keywords(node) | _children(node, place)
    if "default" in schema:
        schema["default"] = _telling(schema["default"], schema)
    return schema


def _without_null(node: Schema, place: _Place) -> Schema:
    """`X | None` as `X` that may be left out: null is not a type of Kubernetes."""
    if node.get("default", ...) is None:
        node = {key: value for key, value in node.items() if key != "default"}
    if "anyOf" not in node:
        return node
    options = [option for option in node["anyOf"] if option.get("type") != "null"]
    siblings = {key: value for key, value in node.items() if key != "anyOf"}
    if sorted(option.get("type", "") for option in options) == ["integer", "string"]:
        return {INT_OR_STRING: True} | siblings
    if len(options) != 1:
        place.refuse("a union of types", "use optional fields side by side, and a CEL rule")
    return _merged(options[0], siblings)


def _inlined(node: Schema, place: _Place) -> tuple[Schema, _Place]:
    """*node* with its reference replaced by what it refers to; its own words win."""
    if "$ref" not in node:
        return node, place
    name = node["$ref"].removeprefix("#/$defs/")
    if name in place.inside:
        place.refuse(f"{name} inside {name}", "give it a fixed depth, or preserve the fields")
    siblings = {key: value for key, value in node.items() if key != "$ref"}
    inside = replace(place, inside=(*place.inside, name))
    return _inlined(_merged(place.definitions[name], siblings), inside)


def _merged(base: Schema, siblings: Schema) -> Schema:
    """*base* under *siblings*, with the CEL rules of both."""
    merged = base | siblings
    rules = [*base.get(VALIDATIONS, ()), *siblings.get(VALIDATIONS, ())]
    return merged | ({VALIDATIONS: rules} if rules else {})


def _renamed(node: Schema) -> Schema:
    """*node* with the keywords that are called otherwise, or have another form, in Kubernetes."""
    names = LENGTHS.get(node.get("type", ""), {})
    renamed = {names.get(key, key): value for key, value in node.items()}
    if "const" in renamed:
        renamed["enum"] = [renamed.pop("const")]
    for exclusive, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if renamed.get(exclusive, True) is not True:
            renamed |= {bound: renamed[exclusive], exclusive: True}
    if INT_OR_STRING in renamed:
        renamed.pop("type", None)
    if "description" in renamed:
        renamed["description"] = _unwrapped(renamed["description"])
    return renamed


def _unwrapped(text: str) -> str:
    """*text* with one line for each paragraph: readers of a schema wrap lines themselves."""
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))


def _refuse_the_inexpressible(node: Schema, place: _Place) -> None:
    for keyword in node:
        if keyword not in {*UNCHANGED, *DROPPED, "properties", "items", "$defs"}:
            _refuse_unless_extension(keyword, place)
    if not {"type", INT_OR_STRING, PRESERVED} & node.keys():
        place.refuse("a value of any type", f"give it a type, or {PRESERVED}")
    if node.get("format", "date-time") not in FORMATS:
        place.refuse(f"format {node['format']}", "use an integer with its unit in the name")
    if "propertyNames" in node and VALIDATIONS not in node:
        place.refuse("a bound on the keys of a map", "use a CEL rule on its keys")
    if node.get("type") == "object" and not _says_what_it_holds(node):
        place.refuse("an object of anything", f"give it fields, or {PRESERVED}")


def _refuse_unless_extension(keyword: str, place: _Place) -> None:
    if not keyword.startswith("x-kubernetes-"):
        place.refuse(keyword, ADVICE.get(keyword, "leave it out"))


def _says_what_it_holds(node: Schema) -> bool:
    return bool(
        node.get(PRESERVED)
        or node.get("properties")
        or isinstance(node.get("additionalProperties"), dict)
    )


def _keywords(node: Schema) -> Schema:
    """What of *node* stays as it is, beside its children."""
    extensions = {key: value for key, value in node.items() if key.startswith("x-kubernetes-")}
    return {key: node[key] for key in UNCHANGED if key in node} | extensions


def _children(node: Schema, place: _Place) -> Schema:
    children: Schema = {}
    if node.get("properties"):
        children["properties"] = {
            name: _convert(field, place.below(f".{name}"))
            for name, field in node["properties"].items()
        }
    if isinstance(node.get("additionalProperties"), dict):
        children["additionalProperties"] = _convert(
            node["additionalProperties"], place.below(".<key>")
        )
    if "items" in node:
        children["items"] = _convert(node["items"], place.below("[]"))
    return children


def _telling(default: Any, schema: Schema) -> Any:
    """What of *default* the schema's own fields would not set by themselves."""
    fields = schema.get("properties")
    if not isinstance(default, dict) or fields is None:
        return default
    told = {name: _telling(value, fields[name]) for name, value in default.items()}
    return {
        name: value
        for name, value in told.items()
        if name in schema.get("required", ()) or value not in (None, _default_of(fields[name]))
    }


def _default_of(field: Schema) -> Any:
    """What *field* is when it is left out; an absent list or map is an empty one."""
    empty: dict[str, Any] = {"array": [], "object": {}}
    return field.get("default", empty.get(field.get("type", "")))
