"""The examples of the documentation, and what the operator makes of them, are taken by the API server.

Everything is a dry run, strict about unknown fields. Objects of other operators' kinds are judged by
their own definitions in other stories (`test_monitoring_kinds.py`, `test_cloudnativepg.py`).
"""

import pytest
import yaml

from arkalia_operator.desired import kinds
from cluster.kinds import MODULE, NAMESPACE, SYSTEM, collection
from documentation import ROOT

EXAMPLES = ROOT / "docs/examples"
TOOLS = {"kustomization.yaml"}
"""Files that a program reads, and no API server."""
FILES = sorted(path for path in EXAMPLES.glob("*/*.yaml") if path.name not in TOOLS)
RENDERED = sorted(
    (ROOT / "tests/golden" / path.parent.name) for path in EXAMPLES.glob("*/system.yaml")
)
TRIED_OUT = {"dryRun": "All", "fieldValidation": "Strict"}
EVERYWHERE = {
    (kind.api_version, kind.name): kind
    for kind in (*kinds.IN_APPLY_ORDER, kinds.SECRET, SYSTEM, MODULE, NAMESPACE)
    if not kind.optional
}  # fmt: skip
"""Kinds that every cluster with an operator serves."""


def documents(path):
    return [each for each in yaml.safe_load_all(path.read_text(encoding="utf-8")) if each]


@pytest.fixture
def answer_to(kube, namespace):
    """What the API server answers to a new object in the story's namespace; nothing is stored."""

    def send(body):
        kind = EVERYWHERE[body["apiVersion"], body["kind"]]
        home = "" if kind is NAMESPACE else namespace
        metadata = {**body["metadata"]} | ({"namespace": home} if home else {"name": "new"})
        made = {**body, "metadata": metadata}
        return kube.http.post(collection(kind, home), params=TRIED_OUT, json=made)

    return send


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_example_is_taken_as_it_stands(path, answer_to):
    bodies = documents(path)

    answers = [answer_to(body) for body in bodies]

    assert bodies
    assert [each.text for each in answers if each.is_error] == []
    assert [each.headers.get("Warning") for each in answers if "Warning" in each.headers] == []


@pytest.mark.parametrize("folder", RENDERED, ids=lambda folder: folder.name)
def test_what_the_operator_makes_of_an_example_is_taken(folder, answer_to):
    bodies = [each for each in documents(folder / "expected.yaml") if of_every_cluster(each)]

    refused = [
        (each["kind"], answer.text) for each in bodies if (answer := answer_to(each)).is_error
    ]

    assert bodies
    assert refused == []


def of_every_cluster(body):
    return (body["apiVersion"], body["kind"]) in EVERYWHERE
