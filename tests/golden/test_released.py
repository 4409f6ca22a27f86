"""What the last release made of an empty spec, and what this checkout makes of it.

A pod template that differs replaces pods when the operator is upgraded and somebody lets that in.
Whoever changes one says so in CHANGELOG.md, under "Unreleased", in a line of this form:

    - **Replaces pods**: `zeroia`, `postgresql`: why.

`GOLDEN=release` writes the templates of this checkout as those of its version: once, with a release.
"""

import json
import os
import re
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

from arkalia_contract import labels
from arkalia_operator.desired.kinds import ROLLED_OUT
from arkalia_release.versions import parsed
from golden.test_golden import Readable, rendered

HERE = Path(__file__).parent / "released"
CHANGELOG = Path(__file__).resolve().parents[2] / "CHANGELOG.md"
WRITE = os.environ.get("GOLDEN") == "release"
KINDS = {kind.name for kind in ROLLED_OUT}
LINE = re.compile(r"^- \*\*Replaces pods\*\*: ((?:`[a-z0-9-]+`(?:, )?)+): \S", re.MULTILINE)


def templates():
    """The pod templates of this checkout, by object, in the words of any version."""
    return {
        f"{each['kind']} {each['metadata']['name']}": _without_version(each)
        for each in rendered("empty")
        if each["kind"] in KINDS
    }


def _without_version(manifest):
    """Its template without its version, which every release changes, and what is made of all of it."""
    own = manifest["metadata"]["labels"][labels.VERSION]
    template = json.loads(json.dumps(manifest["spec"]["template"]).replace(own, "VERSION"))
    del template["metadata"]["annotations"][labels.REVISION]
    return template


def last_release(folder=HERE):
    """The newest version of which the templates were written down."""
    return max((path.stem for path in folder.glob("*.yaml")), key=lambda each: parsed(each).order)


def released():
    text = (HERE / f"{last_release()}.yaml").read_text(encoding="utf-8")
    return yaml.load(text, Loader=yaml.CSafeLoader)


def owner(template):
    """The module or data service whose pods these are."""
    named = template["metadata"]["labels"]
    return named.get(labels.MODULE) or named[labels.DATA]


def replaced(before, after):
    """Whose pods another template would replace."""
    both = before.keys() & after.keys()
    return {owner(after[each]) for each in both if before[each] != after[each]}


def announced(changelog):
    """Whose pods the changelog says to be replaced by what is not released yet."""
    unreleased = changelog.split("## [Unreleased]")[1].split("\n## ")[0]
    return {name for line in LINE.findall(unreleased) for name in re.findall(r"`([^`]+)`", line)}


def test_every_replaced_pod_is_announced_in_the_changelog():
    now = templates()
    if WRITE:
        path = HERE / f"{version('arkalia-operator')}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(yaml.dump(now, Dumper=Readable, width=98, allow_unicode=True), "utf-8")

    assert replaced(released(), now) == announced(CHANGELOG.read_text(encoding="utf-8")), (
        "write one line into CHANGELOG.md under Unreleased for the modules whose pods are replaced: "
        "- **Replaces pods**: `<module>`, `<module>`: why."
    )


def test_release_follows_its_own_trials(tmp_path):
    for each in ("0.9.0", "0.10.0-rc.1", "0.10.0-rc.2"):
        (tmp_path / f"{each}.yaml").touch()
    trial = last_release(tmp_path)
    (tmp_path / "0.10.0.yaml").touch()

    assert (trial, last_release(tmp_path)) == ("0.10.0-rc.2", "0.10.0")


def test_changed_template_is_seen_and_so_is_its_line():
    before = templates()
    name = "Deployment luna-zeroia" if "Deployment luna-zeroia" in before else min(before)
    after = {**before, name: {**before[name], "spec": {}}}

    assert replaced(before, after) == {owner(before[name])}
    assert replaced(before, before) == set()


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("- **Replaces pods**: `zeroia`, `postgresql`: their probes wait longer.", {"zeroia", "postgresql"}),
        ("- **Replaces pods**: `zeroia`", set()),
        ("- Replaces pods: `zeroia`: why.", set()),
    ],
)  # fmt: skip
def test_line_of_the_changelog_has_one_form(line, names):
    text = f"## [Unreleased]\n\n{line}\n\n## [0.1.0]\n\n- **Replaces pods**: `taskia`: old.\n"

    assert announced(text) == names
