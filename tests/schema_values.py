"""Objects made from a structural schema: such that fit it, such that are let through, such that break it.

What fits has the right structure, and may break a CEL rule. What breaks it does so in one place.
"""

import re
from functools import reduce
from itertools import combinations

from hypothesis import reject
from hypothesis import strategies as st

from admission import broken_here, children, copies
from arkalia_operator.api.structural import INT_OR_STRING, PRESERVED, VALIDATIONS

FEW = 3
"""Entries of a list or map: more of the same show nothing new."""

NAMES = st.from_regex(r"[a-z]([-a-z0-9]{0,10}[a-z0-9])?", fullmatch=True)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inside: st.lists(inside, max_size=2) | st.dictionaries(NAMES, inside, max_size=2),
    max_leaves=5,
)
TRIES = 4
OF_PYTHON = (("[:space:]", r"\s"), ("[[]", r"\["), ("[]]", r"\]"))
"""How Python writes what a pattern of RE2 has."""
JUDGED = {VALIDATIONS, "x-kubernetes-list-type"}
QUANTITIES = st.integers(0, 2**40) | st.from_regex(
    r"[+]?([0-9]{1,4}([.][0-9]{0,4})?|[.][0-9]{1,4})([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]{1,2})?",
    fullmatch=True,
)


class Fitting:
    """Values that a schema allows, whatever its CEL rules say."""

    def of(self, schema, name=""):
        """Values of the field *name*."""
        if "enum" in schema:
            return st.sampled_from(schema["enum"])
        if INT_OR_STRING in schema:
            return st.integers(0, 100) | st.text(max_size=schema["maxLength"])
        if schema.get(PRESERVED):
            return st.dictionaries(NAMES, JSON, max_size=FEW)
        return getattr(self, f"_{schema['type']}s")(schema, name)

    def keys(self, _):
        """Keys of a map."""
        return NAMES

    def _booleans(self, _, __):
        return st.booleans()

    def _integers(self, schema, _):
        return st.integers(schema.get("minimum", -(2**63)), schema.get("maximum", 2**63 - 1))

    def _numbers(self, schema, _):
        return st.floats(schema["minimum"], schema["maximum"]) | st.just(schema["maximum"])

    def _strings(self, schema, _):
        if schema.get("format") == "date-time":
            return st.datetimes(timezones=st.just(None)).map(lambda each: f"{each.isoformat()}Z")
        return st.text(min_size=schema.get("minLength", 0), max_size=schema["maxLength"])

    def _arrays(self, schema, name):
        fewest = schema.get("minItems", 0)
        most = min(schema["maxItems"], max(FEW, fewest))
        return st.lists(self.of(schema["items"], f"{name}[]"), min_size=fewest, max_size=most)

    def _objects(self, schema, name):
        if "additionalProperties" in schema:
            values = self.of(schema["additionalProperties"], f"{name}.*")
            return st.dictionaries(self.keys(schema), values, max_size=FEW)
        fields = {each: self.of(field, each) for each, field in schema["properties"].items()}
        required = {each: fields.pop(each) for each in schema.get("required", ())}
        return st.fixed_dictionaries(required, optional=fields)


fitting = Fitting().of


class Admitted(Fitting):
    """Values that the API server lets through: they keep the CEL rules, too."""

    def __init__(self, known=None, texts=None):
        self._known = known or {}
        self._texts = texts

    def of(self, schema, name=""):
        """Values of the field *name*; `name[]` is an item of a list, `name.*` an entry of a map."""
        values = self._known.get(name)
        if values is None:
            values = QUANTITIES if INT_OR_STRING in schema else super().of(schema, name)
        return self.kept(values, schema)

    def kept(self, values, schema):
        """Of *values*, those that the rules of *schema* let through."""
        return _let_through(values, schema) if schema.keys() & JUDGED else values

    def keys(self, schema):
        return _matching(schema, "key", super().keys(schema))

    def _strings(self, schema, name):
        free = super()._strings(schema, name) if self._texts is None else self._texts
        fits = _matching(schema, "self")
        return free if fits is None else fits.filter(lambda text: len(text) <= schema["maxLength"])

    def _objects(self, schema, name):
        values = _matching(schema, r"self\[key\]")
        if values is None:
            return super()._objects(schema, name)
        return st.dictionaries(self.keys(schema), values, max_size=FEW)


def _matching(schema, subject, otherwise=None):
    """Texts that the rules of *schema* allow for what they call *subject*; if they say it."""
    for rule in schema.get(VALIDATIONS, ()):
        found = re.search(rf"(?<![!\w\]]){subject}\.matches\('([^']*)'\)", rule["rule"])
        if found:
            pattern = reduce(lambda text, pair: text.replace(*pair), OF_PYTHON, found[1])
            return st.from_regex(pattern, fullmatch=True, alphabet=st.characters(codec="utf-8"))
    return otherwise


@st.composite
def _let_through(draw, values, schema):
    """Of *values*, those that the rules of *schema* let through, perhaps with something left out."""
    for _ in range(TRIES):
        value = mended(draw(values), schema)
        if keeps_rules(value, schema):
            return value
    return reject()


def keeps_rules(value, schema):
    """Whether the rules of *value* as a whole hold; those of its parts do already."""
    return not any(broken_here(value, schema))


def mended(value, schema):
    """*value* without what stands twice, or without the fewest fields that break a rule."""
    if isinstance(value, list):
        found = zip(value, copies(value, schema), strict=True)
        return [each for each, before in found if not before]
    if not isinstance(value, dict):
        return value
    loose = [name for name in value if name not in schema.get("required", ())]
    for count in range(len(loose) + 1):
        for left_out in combinations(loose, count):
            kept = {name: each for name, each in value.items() if name not in left_out}
            if keeps_rules(kept, schema):
                return kept
    return value


@st.composite
def spoilt(draw, value, schema):
    """*value* of which one part, at random, is left out or is what the schema has no place for."""
    parts = {name: field for name, _, field in children(value, schema)}
    if not parts or draw(st.booleans()):
        return draw(breaking(schema) | fitting(schema))
    name = draw(st.sampled_from([*parts]))
    copy = value.copy()
    if draw(st.integers(0, 3)):
        copy[name] = draw(spoilt(value[name], parts[name]))
    else:
        del copy[name]
    return copy


def _barest_objects(schema):
    """Only what is required: the less there is, the surer it is what was refused."""
    needed = schema.get("required", ())
    return st.fixed_dictionaries({name: fitting(schema["properties"][name]) for name in needed})


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
