"""Each way of taking something from users is found, and what only gives is not."""

from copy import deepcopy

import pytest

from arkalia_generate.compatibility import changed_defaults, taken

FIELD = {"type": "string", "description": "Words.", "enum": ["one", "two"]}
SPEC = {
    "type": "object",
    "required": ["name"],
    "x-kubernetes-validations": [{"rule": "self.a", "message": "write a"}],
    "properties": {
        "name": FIELD,
        "word": {"type": "string", "minLength": 1, "maxLength": 9, "description": "Default: x."},
        "count": {"type": "integer", "minimum": 1, "maximum": 9, "format": "int32"},
        "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        "list": {
            "type": "array",
            "maxItems": 9,
            "minItems": 1,
            "items": {"type": "string", "maxLength": 5},
            "x-kubernetes-list-type": "set",
        },
        "map": {
            "type": "object",
            "maxProperties": 9,
            "additionalProperties": {"type": "integer", "nullable": True},
        },
    },
}
CRD = {
    "spec": {
        "group": "arkalia.io",
        "scope": "Namespaced",
        "names": {
            "kind": "Thing",
            "plural": "things",
            "singular": "thing",
            "shortNames": ["th"],
            "categories": ["all"],
        },
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "subresources": {"status": {}},
                "additionalPrinterColumns": [{"name": "Ready"}],
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": SPEC}}},
            }
        ],
    }
}


def changed(change):
    """The CRD after *change* was done to its parts."""
    after = deepcopy(CRD)
    change(Parts(after))
    return after


class Parts:
    """What a test reaches for."""

    def __init__(self, crd):
        self.crd = crd["spec"]
        self.names = self.crd["names"]
        self.version = self.crd["versions"][0]
        self.spec = self.version["schema"]["openAPIV3Schema"]["properties"]["spec"]
        self.fields = self.spec["properties"]

    def set(self, field, **keywords):
        self.fields[field].update(keywords)

    def drop(self, field, keyword):
        del self.fields[field][keyword]


def another_version(parts, **fields):
    parts.crd["versions"].append({**deepcopy(parts.version), "name": "v2", **fields})


def store(parts):
    another_version(parts, storage=True)
    parts.version["storage"] = False


AT = "v1.spec"
TIGHTENED = {
    "group": (lambda it: it.crd.update(group="other.io"), "group was arkalia.io, and is other.io"),
    "scope": (
        lambda it: it.crd.update(scope="Cluster"),
        "scope was Namespaced, and is Cluster",
    ),
    "kind": (lambda it: it.names.update(kind="It"), "names.kind was Thing, and is It"),
    "plural": (lambda it: it.names.update(plural="its"), "names.plural was things, and is its"),
    "short name": (lambda it: it.names.update(shortNames=[]), "names.shortNames has lost th"),
    "category": (lambda it: it.names.pop("categories"), "names.categories has lost all"),
    "version not served": (
        lambda it: it.version.update(served=False),
        "version v1 is not served any more",
    ),
    "stored version": (store, "the stored version was v1, and is v2"),
    "subresource": (
        lambda it: it.version.pop("subresources"),
        "v1 has lost the subresource status",
    ),
    "column": (
        lambda it: it.version.update(additionalPrinterColumns=[]),
        "v1 has lost the column Ready",
    ),
    "field removed": (lambda it: it.fields.pop("word"), f"{AT}.word was removed"),
    "list without items": (lambda it: it.drop("list", "items"), f"{AT}.list[] was removed"),
    "map without values": (
        lambda it: it.drop("map", "additionalProperties"),
        f"{AT}.map.<key> was removed",
    ),
    "type": (
        lambda it: it.set("word", type="integer"),
        f"{AT}.word: type was string, and is integer",
    ),
    "type of items": (
        lambda it: it.fields["list"]["items"].update(type="integer"),
        f"{AT}.list[]: type was string, and is integer",
    ),
    "number or text": (
        lambda it: it.set("count", **{"x-kubernetes-int-or-string": True}),
        f"{AT}.count: x-kubernetes-int-or-string was not there, and is True",
    ),
    "format added": (
        lambda it: it.set("word", format="date-time"),
        f"{AT}.word: format was not there, and is date-time",
    ),
    "format changed": (
        lambda it: it.set("count", format="int64"),
        f"{AT}.count: format was int32, and is int64",
    ),
    "pattern": (
        lambda it: it.set("word", pattern="a"),
        f"{AT}.word: pattern was not there, and is a",
    ),
    "multiple": (
        lambda it: it.set("count", multipleOf=2),
        f"{AT}.count: multipleOf was not there, and is 2",
    ),
    "kind of list": (
        lambda it: it.set("list", **{"x-kubernetes-list-type": "atomic"}),
        f"{AT}.list: x-kubernetes-list-type was set, and is atomic",
    ),
    "preserved": (
        lambda it: it.drop("free", "x-kubernetes-preserve-unknown-fields"),
        f"{AT}.free: x-kubernetes-preserve-unknown-fields was removed",
    ),
    "nullable": (
        lambda it: it.fields["map"]["additionalProperties"].pop("nullable"),
        f"{AT}.map.<key>: nullable was removed",
    ),
    "minimum": (
        lambda it: it.set("count", minimum=2),
        f"{AT}.count: minimum was 1, and is 2",
    ),
    "maximum": (
        lambda it: it.set("count", maximum=8),
        f"{AT}.count: maximum was 9, and is 8",
    ),
    "exclusive": (
        lambda it: it.set("count", exclusiveMinimum=True),
        f"{AT}.count: exclusiveMinimum was added",
    ),
    "shortest": (
        lambda it: it.set("word", minLength=2),
        f"{AT}.word: minLength was 1, and is 2",
    ),
    "longest": (
        lambda it: it.set("word", maxLength=8),
        f"{AT}.word: maxLength was 9, and is 8",
    ),
    "fewest items": (
        lambda it: it.set("list", minItems=2),
        f"{AT}.list: minItems was 1, and is 2",
    ),
    "most items": (
        lambda it: it.set("list", maxItems=8),
        f"{AT}.list: maxItems was 9, and is 8",
    ),
    "fewest entries": (
        lambda it: it.set("map", minProperties=1),
        f"{AT}.map: minProperties was not there, and is 1",
    ),
    "most entries": (
        lambda it: it.set("map", maxProperties=8),
        f"{AT}.map: maxProperties was 9, and is 8",
    ),
    "required": (
        lambda it: it.spec.update(required=["name", "word"]),
        f"{AT}.word is required now",
    ),
    "new required field": (
        lambda it: (it.fields.update(new=FIELD), it.spec.update(required=["name", "new"])),
        f"{AT}.new is required now",
    ),
    "enum value": (
        lambda it: it.set("name", enum=["one"]),
        f"{AT}.name does not take two any more",
    ),
    "enum": (
        lambda it: it.set("word", enum=["x"]),
        f"{AT}.word takes only x now",
    ),
    "rule": (
        lambda it: it.spec["x-kubernetes-validations"].append(
            {"rule": "self.b", "message": "write b"}
        ),
        f"{AT} has a new rule: write b",
    ),
}
LOOSENED = {
    "nothing": lambda _: None,
    "new field": lambda it: it.fields.update(new=FIELD),
    "new version": lambda it: another_version(it, storage=False),
    "not required": lambda it: it.spec.pop("required"),
    "enum value": lambda it: it.set("name", enum=["one", "two", "three"]),
    "no enum": lambda it: it.drop("name", "enum"),
    "bounds": lambda it: it.set("count", minimum=0, maximum=10),
    "no bound": lambda it: it.drop("word", "maxLength"),
    "no format": lambda it: it.drop("count", "format"),
    "no rule": lambda it: it.spec.pop("x-kubernetes-validations"),
    "rule about a new field": lambda it: (
        it.fields.update(new=FIELD),
        it.spec["x-kubernetes-validations"].append(
            {"rule": "!has(self.new) || self.new != self.word", "message": "write another new"}
        ),
    ),
    "rule about a new field below": lambda it: (
        it.fields["free"].update(properties={"new": FIELD}),
        it.spec["x-kubernetes-validations"].append(
            {"rule": "!has(self.free.new)", "message": "leave new out"}
        ),
    ),
    "message of a rule": lambda it: it.spec["x-kubernetes-validations"][0].update(message="write"),
    "description": lambda it: it.set("count", description="Other words."),
    "short name": lambda it: it.names["shortNames"].append("thi"),
}


@pytest.mark.parametrize(("change", "sentence"), TIGHTENED.values(), ids=TIGHTENED.keys())
def test_what_is_taken_is_found_with_its_place(change, sentence):
    assert taken(CRD, changed(change)) == [sentence]


def test_version_that_was_replaced_by_another_one_is_found():
    assert taken(CRD, changed(lambda it: it.version.update(name="v2"))) == [
        "version v1 is not served any more",
        "the stored version was v1, and is v2",
    ]


@pytest.mark.parametrize("change", LOOSENED.values(), ids=LOOSENED.keys())
def test_what_is_only_given_is_no_harm(change):
    assert taken(CRD, changed(change)) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda it: it.set("word", description="Default: y."),
        lambda it: it.set("word", description="Words."),
        lambda it: it.set("word", default="y"),
    ],
    ids=["another word", "none any more", "stored"],
)
def test_changed_default_is_listed_and_takes_nothing(change):
    after = changed(change)

    assert changed_defaults(CRD, after) == [f"{AT}.word"]
    assert taken(CRD, after) == []


def test_default_with_dots_is_read_whole():
    before = changed(lambda it: it.set("word", description="Default: images.example.com/a. More."))
    after = changed(lambda it: it.set("word", description="Default: images.example.org/a. More."))

    assert changed_defaults(before, after) == [f"{AT}.word"]


def test_default_of_a_removed_field_is_not_listed():
    assert changed_defaults(CRD, changed(lambda it: it.fields.pop("word"))) == []
