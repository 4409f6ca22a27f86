"""What the API server says to a resource before it stores it: a model of structural schema and CEL.

What a client may not write at all is told first, then what has the wrong structure, and the rules are
asked only of what has the right one. `tests/cluster/test_random_resources.py` holds it against a real
API server.
"""

from functools import cache
from typing import NamedTuple

from cel_expr_python import cel

from arkalia_operator.api.structural import INT_OR_STRING, PRESERVED, VALIDATIONS
from arkalia_operator.desired.quantities import amount

TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "number": (int, float),
}
TEXT, TRUTH = cel.Type.STRING, cel.Type.BOOL


class Refusal(NamedTuple):
    """One complaint."""

    path: str
    """In the form of `plain`."""
    message: str


def plain(path):
    """*path* in the form that the API server's several ways to write it have in common."""
    return path.strip(".").replace("[", ".").replace("]", "")


def refusals(value, schema, path, old=None):
    """Everything that is wrong with *value* at *path*, which replaces *old*."""
    unknown = [Refusal(plain(each), "unknown field") for each in _unknown(value, schema, path)]
    wrong = unknown or [
        Refusal(plain(place + step), told)
        for place, node, each, _ in nodes(value, schema, path)
        for step, told in _misshapen(each, node)
    ]
    return wrong or list(broken_rules(value, schema, path, old))


def nodes(value, schema, path, old=None):
    """Every part of *value* that the schema describes, with its path, its schema and what it was."""
    yield path, schema, value, old
    for name, each, field in children(value, schema):
        before = old.get(name) if isinstance(old, dict) else None
        yield from nodes(each, field, f"{path}.{name}", before)


def children(value, schema):
    """The parts of *value* that the schema describes: index or name, value and schema."""
    if isinstance(value, list) and "items" in schema:
        return [(index, each, schema["items"]) for index, each in enumerate(value)]
    if not isinstance(value, dict):
        return []
    found = ((name, each, _field(schema, name)) for name, each in value.items())
    return [each for each in found if each[2] is not None]


def _field(schema, name):
    return schema.get("properties", {}).get(name, schema.get("additionalProperties"))


def _unknown(value, schema, path):
    if isinstance(value, list):
        for index, each in enumerate(value):
            yield from _unknown(each, schema.get("items", {}), f"{path}.{index}")
    elif isinstance(value, dict) and not schema.get(PRESERVED):
        for name, each in value.items():
            field = _field(schema, name)
            if field is None:
                yield f"{path}.{name}"
            else:
                yield from _unknown(each, field, f"{path}.{name}")


def _misshapen(value, schema):
    """What of its own shape *value* gets wrong, and where in it; its parts are looked at later."""
    if not _has_type(value, schema):
        return [("", "wrong type")]
    if "enum" in schema and value not in schema["enum"]:
        return [("", "unsupported value")]
    if isinstance(value, dict):
        missing = [each for each in schema.get("required", ()) if each not in value]
        return [
            *_out_of_bounds(len(value), schema, "Properties"),
            *((f".{each}", "required") for each in missing),
        ]
    if isinstance(value, list):
        again = [index for index, before in enumerate(copies(value, schema)) if before == 1]
        return [
            *_out_of_bounds(len(value), schema, "Items"),
            *((f".{index}", "stands twice") for index in again),
        ]
    if isinstance(value, str):
        return _out_of_bounds(len(value), schema, "Length")
    return _out_of_bounds(value, schema, "imum")


def _has_type(value, schema):
    if INT_OR_STRING in schema:
        return isinstance(value, str) or _is_integer(value)
    wanted = schema.get("type", "object")
    if wanted == "integer":
        return _is_integer(value)
    return isinstance(value, TYPES[wanted]) and isinstance(value, bool) is (wanted == "boolean")


def _is_integer(value):
    """A larger number is read as a fraction."""
    return type(value) is int and -(2**63) <= value < 2**63


def _out_of_bounds(measure, schema, of):
    least, most = (schema.get(f"{bound}{of}", measure) for bound in ("min", "max"))
    return [] if least <= measure <= most else [("", "out of bounds")]


def copies(value, schema):
    """For each item of a list that is a set, or merged by keys: how often it stood there before."""
    keys = schema.get("x-kubernetes-list-map-keys")
    if not keys and schema.get("x-kubernetes-list-type") != "set":
        return [0] * len(value)
    told = [repr([each.get(key) for key in keys] if keys else each) for each in value]
    return [told[:index].count(each) for index, each in enumerate(told)]


def broken_rules(value, schema, path="", old=None):
    """The CEL rules of *value*, which has the right structure, that do not hold."""
    for place, node, each, before in nodes(value, schema, path, old):
        for rule in broken_here(each, node, before):
            yield Refusal(plain(place + rule.get("fieldPath", "")), rule["message"])


def broken_here(value, schema, old=None):
    """The rules of *value* as a whole that do not hold; those of its parts are not looked at."""
    rules = schema.get(VALIDATIONS, ())
    judged = _judged(value, schema) if rules else value
    return (each for each in rules if not _holds(each["rule"], judged, old))


def _judged(value, schema):
    """*value* without what is passed through: no rule can see it."""
    if isinstance(value, list):
        return [_judged(each, field) for _, each, field in children(value, schema)]
    if isinstance(value, dict):
        return {name: _judged(each, field) for name, each, field in children(value, schema)}
    return value


def _holds(expression, value, old):
    """Whether a rule holds. One about a change says nothing of something new."""
    data = {"self": value}
    if "oldSelf" in expression:
        if old is None:
            return True
        data["oldSelf"] = old
    answer = _compiled(expression).eval(data=data).value()
    assert isinstance(answer, bool), f"{expression}: {answer}"
    return answer


@cache
def _compiled(expression):
    return _environment().compile(expression, disable_check=True)


@cache
def _environment():
    """CEL with what of Kubernetes' own library the rules call; a quantity is the text of it."""
    functions = (
        ("quantity", TEXT, [TEXT], False, lambda text: text),
        ("isQuantity", TRUTH, [TEXT], False, _is_quantity),
        ("isLessThan", TRUTH, [TEXT, TEXT], True, lambda one, other: amount(one) < amount(other)),
        (
            "isGreaterThan",
            TRUTH,
            [TEXT, TEXT],
            True,
            lambda one, other: amount(one) > amount(other),
        ),
    )
    declared = [
        cel.FunctionDecl(name, [cel.Overload(name, of, takes, is_member=member, impl=does)])
        for name, of, takes, member, does in functions
    ]
    variables = dict.fromkeys(("self", "oldSelf"), cel.Type.DYN)
    return cel.NewEnv(variables=variables, functions=declared)


def _is_quantity(text):
    try:
        amount(text)
    except ValueError:
        return False
    return True
