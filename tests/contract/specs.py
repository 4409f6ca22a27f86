"""Objects made from a structural schema: such that fit it, and such that break it in one place."""

from hypothesis import strategies as st

from arkalia_operator.api.structural import INT_OR_STRING, PRESERVED

FEW = 3
"""Entries of a list or map: more of the same show nothing new."""

NAMES = st.from_regex(r"[a-z]([-a-z0-9]{0,10}[a-z0-9])?", fullmatch=True)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inside: st.lists(inside, max_size=2) | st.dictionaries(NAMES, inside, max_size=2),
    max_leaves=5,
)


def fitting(schema):
    """Values that the schema allows."""
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if INT_OR_STRING in schema:
        return st.integers(0, 100) | st.text(max_size=schema["maxLength"])
    if schema.get(PRESERVED):
        return st.dictionaries(NAMES, JSON, max_size=FEW)
    return BY_TYPE[schema["type"]](schema)


def _integers(schema):
    return st.integers(schema.get("minimum"), schema.get("maximum"))


def _numbers(schema):
    return st.floats(schema["minimum"], schema["maximum"]) | st.just(schema["maximum"])


def _texts(schema):
    if schema.get("format") == "date-time":
        return st.datetimes(timezones=st.just(None)).map(lambda moment: f"{moment.isoformat()}Z")
    return st.text(min_size=schema.get("minLength", 0), max_size=schema["maxLength"])


def _lists(schema):
    fewest = schema.get("minItems", 0)
    most = min(schema["maxItems"], max(FEW, fewest))
    return st.lists(fitting(schema["items"]), min_size=fewest, max_size=most)


def _objects(schema):
    if "additionalProperties" in schema:
        return st.dictionaries(NAMES, fitting(schema["additionalProperties"]), max_size=FEW)
    fields = {name: fitting(field) for name, field in schema["properties"].items()}
    optional = {name: fields[name] for name in fields if name not in schema.get("required", ())}
    return st.fixed_dictionaries(
        {name: fields[name] for name in schema.get("required", ())}, optional=optional
    )


def _barest_objects(schema):
    """Only what is required: the less there is, the surer it is what was refused."""
    needed = schema.get("required", ())
    return st.fixed_dictionaries({name: fitting(schema["properties"][name]) for name in needed})


BY_TYPE = {
    "boolean": lambda _: st.booleans(),
    "integer": _integers,
    "number": _numbers,
    "string": _texts,
    "array": _lists,
    "object": _objects,
}


def breaking(schema):
    """Values that the schema refuses, for a reason that stands in the schema itself."""
    if "enum" in schema:
        return st.just("Something else")
    if INT_OR_STRING in schema:
        return st.just([])
    if schema.get(PRESERVED):
        return st.just("text")
    return BREAKING[schema["type"]](schema)


def _beyond(schema):
    beyond = [schema["minimum"] - 1] if "minimum" in schema else []
    return st.sampled_from(
        [*beyond, *([schema["maximum"] + 1] if "maximum" in schema else []), "x"]
    )


def _wrong_texts(schema):
    if schema.get("format") == "date-time":
        return st.just("yesterday")
    too_short = [""] if schema.get("minLength") else []
    return st.sampled_from([*too_short, "x" * (schema["maxLength"] + 1), 1, {}])


def _wrong_lists(schema):
    one_wrong = breaking(schema["items"]).map(lambda wrong: [wrong])
    too_long = fitting(schema["items"]).map(lambda item: [item] * (schema["maxItems"] + 1))
    too_short = [st.just([])] if schema.get("minItems") else []
    return st.one_of(one_wrong, too_long, *too_short, st.just("text"))


def _wrong_objects(schema):
    if "additionalProperties" in schema:
        value = schema["additionalProperties"]
        too_many = fitting(value).map(
            lambda one: {f"n{number}": one for number in range(schema["maxProperties"] + 1)}
        )
        return st.one_of(breaking(value).map(lambda wrong: {"a": wrong}), too_many, st.just([]))
    barest = _barest_objects(schema)
    one_wrong = [
        st.tuples(barest, breaking(field)).map(lambda pair, name=name: pair[0] | {name: pair[1]})
        for name, field in schema["properties"].items()
    ]
    return st.one_of(*one_wrong, barest.map(lambda whole: whole | {"unknown": 1}))


BREAKING = {
    "boolean": lambda _: st.just("perhaps"),
    "integer": _beyond,
    "number": _beyond,
    "string": _wrong_texts,
    "array": _wrong_lists,
    "object": _wrong_objects,
}
