"""No wrong value is answered with a regular expression: a rule's message says what to write.

Every field that takes text, a number or a word of a list gets a wrong one, on an API server alone.
"""

import re

from arkalia_operator.api import crds
from arkalia_operator.api.structural import INT_OR_STRING, PRESERVED

SCHEMAS = {each.kind: crds.whole_schema(each) for each in crds.RESOURCES}
PLURALS = {each.kind: each.plural for each in crds.RESOURCES}
API = "/apis/arkalia.io/v1alpha1/namespaces/default"
TRIED_OUT = {"dryRun": "All", "fieldValidation": "Strict"}
WRONG = {"string": "^ no *word $", "integer": "many", "number": "many", "boolean": "perhaps"}
PLAIN = {"integer", "number", "boolean"}
NO_QUANTITY = "lots"
QUANTITY = "write for example"
PATTERN = re.compile(r"should match|regex|\[a-z|\\\.|\^\[|\)\?\$")


def leaves(schema, path=()):
    """Every field that holds no other field: its path, `0` for an entry of a list and a key of a map."""
    if schema.get(PRESERVED):
        return
    below = dict(schema.get("properties", {}))
    below |= {0: schema["items"]} if "items" in schema else {}
    below |= {"key": schema["additionalProperties"]} if "additionalProperties" in schema else {}
    for step, field in below.items():
        yield from leaves(field, (*path, step))
    if not below:
        yield path, schema


FIELDS = [
    (kind, path, field)
    for kind, schema in SCHEMAS.items()
    for path, field in leaves(schema["properties"]["spec"])
]


def placed(schema, path, value):
    """The least that is let through of *schema*, but for *value* at *path*."""
    if not path:
        return value
    step, *rest = path
    if step == 0:
        return [placed(schema["items"], rest, value)]
    if "additionalProperties" in schema:
        return {step: placed(schema["additionalProperties"], rest, value)}
    return least(schema) | {step: placed(schema["properties"][step], rest, value)}


def least(schema):
    """The least that is let through."""
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type", "string")
    if kind == "object":
        return {name: least(schema["properties"][name]) for name in schema.get("required", ())}
    plain = {"string": "a", "array": [], "boolean": False}
    return plain.get(kind, schema.get("minimum", 1))


def answer(own, kind, path, value):
    """What the API server says to *value*; it stores nothing."""
    spec = placed(SCHEMAS[kind]["properties"]["spec"], path, value)
    head = {"apiVersion": "arkalia.io/v1alpha1", "kind": kind, "metadata": {"name": "luna"}}
    sent = own.http.post(f"{API}/{PLURALS[kind]}", params=TRIED_OUT, json=head | {"spec": spec})
    told = sent.json()
    causes = told.get("details", {}).get("causes", []) if told["kind"] == "Status" else []
    return [(each["field"], each["message"].replace(str(value), "")) for each in causes]


def test_no_wrong_value_is_answered_with_a_pattern(own):
    told = {
        (kind, *path): said
        for kind, path, field in FIELDS
        for said in answer(own, kind, path, WRONG[field.get("type", "string")])
        if PATTERN.search(said[1])
    }

    assert len(FIELDS) > 200
    assert told == {}


def test_number_or_boolean_that_is_text_is_refused_by_its_field(own):
    plain = [
        (kind, path, field["type"]) for kind, path, field in FIELDS if field.get("type") in PLAIN
    ]
    told = {(kind, *path): answer(own, kind, path, WRONG[word]) for kind, path, word in plain}

    let_through = {
        at: causes
        for at, causes in told.items()
        if named(at[1:]) not in {field for field, _ in causes}
    }

    assert len(plain) > 50
    assert let_through == {}


def named(path):
    """The field at *path*, as the API server names it."""
    return "spec" + "".join("[0]" if step == 0 else f".{step}" for step in path)


def test_text_that_is_no_quantity_is_answered_with_what_to_write(own):
    quantities = [(kind, path) for kind, path, field in FIELDS if INT_OR_STRING in field]

    silent = [
        each
        for each in quantities
        if not any(QUANTITY in message for _, message in answer(own, *each, NO_QUANTITY))
    ]

    assert len(quantities) > 10
    assert silent == []
