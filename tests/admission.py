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
    "integer": int,
    "number": (int, float),
}
TEXT, TRUTH = cel.Type.STRING, cel.Type.BOOL


class Refusal(NamedTuple):
    """One complaint."""

    path: str
    message: str


def refusals(value, schema, path, old=None):
    """Everything that is wrong with *value* at *path*, which replaces *old*."""
    unknown = [Refusal(each, "unknown field") for each in _unknown(value, schema, path)]
    wrong = unknown or [
        Refusal(place + step, told)
        for place, node, each, _ in nodes(value, schema, path)
        for step, told in _misshapen(each, node)
    ]
    return wrong or list(broken_rules(value, schema, path, old))


def nodes(value, schema, path, old=None):
    """Every part of *value* that the schema describes, with its path, its schema and what it was."""
    yield path, schema, value, old
    if isinstance(value, list) and "items" in schema:
        for index, each in enumerate(value):
            yield from nodes(each, schema["items"], f"{path}[{index}]")
    elif isinstance(value, dict):
        before = old if isinstance(old, dict) else {}
        for name, each in value.items():
            field = _field(schema, name)
            if field is not None:
                yield from nodes(each, field, f"{path}.{name}", before.get(name))


def _field(schema, name):
    return schema.get("properties", {}).get(name, schema.get("additionalProperties"))


def _unknown(value, schema, path):
    if isinstance(value, list):
        for index, each in enumerate(value):
            yield from _unknown(each, schema.get("items", {}), f"{path}[{index}]")
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
        return [*_out_of_bounds(len(value), schema, "Items"), *repeated(value, schema)]
    if isinstance(value, str):
        return _out_of_bounds(len(value), schema, "Length")
    return _out_of_bounds(value, schema, "imum")


def _has_type(value, schema):
    if INT_OR_STRING in schema:
        return type(value) is int or isinstance(value, str)
    wanted = schema.get("type", "object")
    return isinstance(value, TYPES[wanted]) and isinstance(value, bool) is (wanted == "boolean")


def _out_of_bounds(measure, schema, of):
    least, most = (schema.get(f"{bound}{of}", measure) for bound in ("min", "max"))
    return [] if least <= measure <= most else [("", "out of bounds")]


def repeated(value, schema):
    """Where in a list that is a set, or merged by keys, something stands a second time."""
    keys = schema.get("x-kubernetes-list-map-keys")
    if not keys and schema.get("x-kubernetes-list-type") != "set":
        return []
    told = [repr([each.get(key) for key in keys] if keys else each) for each in value]
    return [
        (f"[{index}]", "stands twice") for index, each in enumerate(told) if each in told[:index]
    ]


def broken_rules(value, schema, path="", old=None):
    """The CEL rules of *value*, which has the right structure, that do not hold."""
    for place, node, each, before in nodes(value, schema, path, old):
        for rule in broken_here(each, node, before):
            yield Refusal(place + rule.get("fieldPath", ""), rule["message"])


def broken_here(value, schema, old=None):
    """The rules of *value* as a whole that do not hold; those of its parts are not looked at."""
    rules = schema.get(VALIDATIONS, ())
    judged = _judged(value, schema) if rules else value
    return (each for each in rules if not _holds(each["rule"], judged, old))


def _judged(value, schema):
    """*value* without what is passed through: no rule can see it."""
    if isinstance(value, list):
        return [_judged(each, schema["items"]) for each in value]
    if not isinstance(value, dict):
        return value
    if schema.get(PRESERVED):
        return {}
    fields = ((name, each, _field(schema, name)) for name, each in value.items())
    return {name: _judged(each, field) for name, each, field in fields if field is not None}


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
