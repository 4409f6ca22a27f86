"""A structural schema in words: what `kubectl explain` and the reference say of a field."""

from __future__ import annotations

from typing import Any

import yaml

from arkalia_operator.api.structural import INT_OR_STRING, PRESERVED, Schema


def explained(schema: Schema) -> Schema:
    """*schema* with bounds and defaults as sentences of the descriptions.

    `kubectl explain` shows neither. The defaults are told only, so that the API server stores
    what a user wrote.
    """
    below = {key: _explained_below(key, value) for key, value in schema.items() if key != "default"}
    sentences = [schema.get("description", ""), number_bounds(schema), default_sentence(schema)]
    text = " ".join(filter(None, sentences))
    return below | ({"description": text} if text else {})


def _explained_below(key: str, value: Any) -> Any:
    if key == "properties":
        return {name: explained(field) for name, field in value.items()}
    return explained(value) if key in {"items", "additionalProperties"} else value


def default_sentence(schema: Schema) -> str:
    """`Default: INFO.`, or nothing where the field is empty when it is left out."""
    default = schema.get("default")
    return "" if default in (None, {}, [], "") else f"Default: {on_one_line(default)}."


def number_bounds(schema: Schema) -> str:
    """`From 1 to 100.`, or nothing."""
    lowest, highest = schema.get("minimum"), schema.get("maximum")
    if lowest is None:
        return "" if highest is None else f"At most {highest}."
    return f"At least {lowest}." if highest is None else f"From {lowest} to {highest}."


def length_bounds(schema: Schema) -> str:
    """`At most 64 entries.`, or nothing."""
    for suffix, unit in (("Length", "characters"), ("Items", "entries"), ("Properties", "entries")):
        if f"max{suffix}" in schema:
            fewest, most = schema.get(f"min{suffix}", 0), schema[f"max{suffix}"]
            return f"{fewest} to {most} {unit}." if fewest else f"At most {most} {unit}."
    return ""


def type_name(schema: Schema) -> str:
    """The type as a reader calls it, for example `list of strings`."""
    if INT_OR_STRING in schema:
        return "string or integer"
    if "items" in schema:
        return f"list of {_plural(type_name(schema['items']))}"
    if "additionalProperties" in schema:
        return f"map of {_plural(type_name(schema['additionalProperties']))}"
    if schema.get("format") == "date-time":
        return "time (RFC 3339)"
    return "any object" if schema.get(PRESERVED) else str(schema["type"])


def _plural(name: str) -> str:
    """Of what a list of lists is, too: `lists of strings`."""
    head, of, rest = name.partition(" of ")
    return " or ".join(f"{word}s" for word in head.split(" or ")) + of + rest


def on_one_line(value: Any) -> str:
    """*value* as YAML on one line, without quotes where it needs none."""
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10_000)
    return text.removesuffix("\n").removesuffix("\n...").strip()
