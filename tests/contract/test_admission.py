"""The model of the API server says of wrong resources what the API server says of them."""

import re
from pathlib import Path

import pytest
import yaml

from admission import plain, refusals
from arkalia_operator.api import crds

ROOT = Path(__file__).resolve().parents[2]
WRONG = sorted(ROOT.glob("tests/cluster/wrong_resources/*.yaml"))
CHANGES = sorted(ROOT.glob("tests/cluster/wrong_changes/*.yaml"))
RIGHT = sorted(ROOT.glob("tests/cluster/right_resources/*.yaml"))
SCHEMAS = {each.kind: crds.whole_schema(each) for each in crds.RESOURCES}


def named(path):
    return path.stem


def fields(text):
    """The fields that the comments at the head of a file expect to be complained about."""
    heads = re.findall(r'^# (?:unknown field "([^"]*)"|([^:]*): )', text, re.MULTILINE)
    return {plain(unknown or field) for unknown, field in heads}


def complained(body, old=None):
    """The fields of *body*, which replaces *old*, that the model complains about."""
    bodies = [
        each and {**each, "metadata": {"name": each["metadata"]["name"]}} for each in (body, old)
    ]
    return {each.path for each in refusals(bodies[0], SCHEMAS[body["kind"]], "", bodies[1])}


@pytest.mark.parametrize("path", WRONG, ids=named)
def test_wrong_resource_is_refused_for_the_same_fields(path):
    text = path.read_text(encoding="utf-8")

    assert complained(yaml.safe_load(text)) == fields(text)


@pytest.mark.parametrize("path", CHANGES, ids=named)
def test_wrong_change_is_refused_for_the_same_fields(path):
    text = path.read_text(encoding="utf-8")
    old, new = yaml.safe_load_all(text)

    assert complained(new, old) == fields(text)


@pytest.mark.parametrize("path", RIGHT, ids=named)
def test_right_resource_is_let_through(path):
    assert complained(yaml.safe_load(path.read_text(encoding="utf-8"))) == set()
