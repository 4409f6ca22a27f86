"""JSON schema: the keywords that structured answers use, and no others.

A schema comes from whoever asked for the answer. So nothing is made into code or fetched, patterns
are not run, and a keyword that is not known is told rather than passed over (decision 51).
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

MOST_STEPS: Final = 20_000
"""Pairs of a value and a schema that are looked at."""
DEEPEST: Final = 100
"""Schemas inside each other."""
TOO_MUCH: Final = "(all after the first 20,000 steps, or 100 deep)"

_TYPES: Final[Mapping[str, type | tuple[type, ...]]] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "null": type(None),
    "number": (int, float),
    "integer": int,
}
_ANNOTATIONS: Final = frozenset(
    ("$schema", "$id", "$defs", "definitions", "title", "description", "default", "examples")
)

Pointer = str


class _Run:
    """One document and one schema."""

    def __init__(self, root: Any) -> None:
        self.root = root
        self.unknown: set[str] = set()
        self.steps = 0
        self.depth = 0

    def faults(self, where: Pointer, value: Any, schema: Any) -> Iterator[str]:
        """What of *value* does not fit *schema*."""
        self.steps += 1
        if self.steps > MOST_STEPS or self.depth >= DEEPEST:
            self.unknown.add(TOO_MUCH)
            return
        if schema is False:
            yield f"{where} may not be there."
        if isinstance(schema, Mapping):
            self.depth += 1
            try:
                yield from self._by_keyword(where, value, schema)
            finally:
                self.depth -= 1

    def _by_keyword(self, where: Pointer, value: Any, schema: Mapping[str, Any]) -> Iterator[str]:
        for keyword, wanted in schema.items():
            rule = _RULES.get(keyword)
            if rule is not None:
                yield from rule(self, where, value, (schema, wanted))
            elif keyword not in _ANNOTATIONS and keyword not in _READ_BY_OTHERS:
                self.unknown.add(keyword)


Rule = Callable[[_Run, Pointer, Any, tuple[Mapping[str, Any], Any]], Iterator[str]]


def faults(document: Any, schema: Any) -> tuple[list[str], set[str]]:
    """What of *document* does not fit *schema*, and the keywords that were not looked at."""
    run = _Run(schema)
    return list(run.faults("The answer", document, schema)), run.unknown


def _is(value: Any, name: Any) -> bool:
    if isinstance(value, bool) and name != "boolean":
        return False
    if name == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _TYPES[name])


def _listed(wanted: Any) -> list[Any]:
    """The items of a keyword that has to be a list; none if it is not."""
    return wanted if isinstance(wanted, list) else []


def _type(run: _Run, where: Pointer, value: Any, given: Any) -> Iterator[str]:
    names = _listed(given[1]) or [given[1]]
    if not all(isinstance(name, str) and name in _TYPES for name in names):
        run.unknown.add("type")
    elif not any(_is(value, name) for name in names):
        yield f"{where} must be {' or '.join(map(str, names))}."


def _enum(_: _Run, where: Pointer, value: Any, given: Any) -> Iterator[str]:
    if not any(_same(value, each) for each in _listed(given[1])):
        yield f"{where} is none of the values that are allowed."


def _const(_: _Run, where: Pointer, value: Any, given: Any) -> Iterator[str]:
    if not _same(value, given[1]):
        yield f"{where} must have the one value that is allowed."


def _same(one: Any, other: Any) -> bool:
    return isinstance(one, bool) is isinstance(other, bool) and bool(one == other)


def _limit(_: _Run, where: Pointer, value: Any, given: Any, keyword: str) -> Iterator[str]:
    measure, sign, strict, words = _LIMITS[keyword]
    measured, limit = measure(value), given[1]
    if measured is None or not isinstance(limit, int | float):
        return
    distance = sign * (limit - measured)
    if distance > 0 or (strict and distance == 0):
        yield f"{where} {words} {limit}."


def _amount(value: Any) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _length(kind: type[str | list[Any] | dict[str, Any]]) -> Callable[[Any], float | None]:
    return lambda value: len(value) if isinstance(value, kind) else None


_LIMITS: Final[Mapping[str, tuple[Callable[[Any], float | None], int, bool, str]]] = {
    "minimum": (_amount, 1, False, "must be at least"),
    "maximum": (_amount, -1, False, "must be at most"),
    "exclusiveMinimum": (_amount, 1, True, "must be more than"),
    "exclusiveMaximum": (_amount, -1, True, "must be less than"),
    "minLength": (_length(str), 1, False, "must have at least this many characters:"),
    "maxLength": (_length(str), -1, False, "must have at most this many characters:"),
    "minItems": (_length(list), 1, False, "must have at least this many items:"),
    "maxItems": (_length(list), -1, False, "must have at most this many items:"),
    "minProperties": (_length(dict), 1, False, "must have at least this many members:"),
    "maxProperties": (_length(dict), -1, False, "must have at most this many members:"),
}


def _limited(keyword: str) -> Rule:
    return lambda run, where, value, given: _limit(run, where, value, given, keyword)


def _required(_: _Run, where: Pointer, value: Any, given: Any) -> Iterator[str]:
    if isinstance(value, dict):
        names = (name for name in _listed(given[1]) if isinstance(name, str))
        yield from (f"{where} lacks `{name}`." for name in names if name not in value)


def _properties(run: _Run, where: Pointer, value: Any, given: Any) -> Iterator[str]:
    _, own = given
    if not isinstance(value, dict) or not isinstance(own, Mapping):
        return
    for name, inner in own.items():
        if name in value:
            yield from run.faults(f"{where}.{name}", value[name], inner)


def _additional(run: _Run, where: Pointer, value: Any, given: Any) -> Iterator[str]:
    schema, others = given
    named = schema.get("properties")
    if not isinstance(value, dict):
        return
    for name in sorted(value.keys() - (named.keys() if isinstance(named, Mapping) else set())):
        yield from run.faults(f"{where}.{str(name)[:64]}", value[name], others)


def _items(run: _Run, where: Pointer, value: Any, given: Any) -> Iterator[str]:
    if isinstance(value, list):
        for number, each in enumerate(value):
            yield from run.faults(f"{where}[{number}]", each, given[1])


def _all_of(run: _Run, where: Pointer, value: Any, given: Any) -> Iterator[str]:
    for each in _listed(given[1]):
        yield from run.faults(where, value, each)


def _any_of(run: _Run, where: Pointer, value: Any, given: Any) -> Iterator[str]:
    if not any(_fits(run, where, value, each) for each in _listed(given[1])):
        yield f"{where} fits none of the forms that are allowed."


def _one_of(run: _Run, where: Pointer, value: Any, given: Any) -> Iterator[str]:
    fitting = sum(_fits(run, where, value, each) for each in _listed(given[1]))
    if fitting != 1:
        yield f"{where} must fit exactly one of the forms that are allowed; it fits {fitting}."


def _not(run: _Run, where: Pointer, value: Any, given: Any) -> Iterator[str]:
    if _fits(run, where, value, given[1]):
        yield f"{where} has a form that is not allowed."


def _fits(run: _Run, where: Pointer, value: Any, schema: Any) -> bool:
    return next(run.faults(where, value, schema), None) is None


def _reference(run: _Run, where: Pointer, value: Any, given: Any) -> Iterator[str]:
    target = run.root
    for part in str(given[1]).removeprefix("#").split("/")[1:]:
        target = target.get(part) if isinstance(target, Mapping) else None
    if target is None:
        run.unknown.add("$ref")
        return
    yield from run.faults(where, value, target)


_READ_BY_OTHERS: Final = frozenset(("strict",))
_RULES: Final[Mapping[str, Rule]] = {
    "type": _type,
    "enum": _enum,
    "const": _const,
    "required": _required,
    "properties": _properties,
    "additionalProperties": _additional,
    "items": _items,
    "allOf": _all_of,
    "anyOf": _any_of,
    "oneOf": _one_of,
    "not": _not,
    "$ref": _reference,
    **{keyword: _limited(keyword) for keyword in _LIMITS},
}
