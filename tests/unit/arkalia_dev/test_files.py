import json

import pytest

from arkalia_dev.files import fingerprint, read_json, write, write_json


def test_written_file_replaces_the_old_one_and_leaves_nothing_beside_it(tmp_path):
    file = tmp_path / "file"
    write(file, "old")

    write(file, "new")

    assert file.read_text() == "new"
    assert list(tmp_path.iterdir()) == [file]


def test_json_is_readable_by_its_owner_alone(tmp_path):
    write_json(tmp_path / "key.json", {"a": 1})

    assert (tmp_path / "key.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", ["", "{", None])
def test_json_is_nothing_when_it_is_missing_or_damaged(tmp_path, content):
    file = tmp_path / "file.json"
    if content is not None:
        file.write_text(content)

    assert read_json(file) is None


def test_json_comes_back(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps({"a": [1]}))

    assert read_json(tmp_path / "a.json") == {"a": [1]}


def test_fingerprint_changes_with_content_and_facts_alone(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("1")
    two.write_text("2")
    before = fingerprint([one, two], "fact")

    assert fingerprint([two, one], "fact") == before
    assert fingerprint([one, two], "another") != before
    two.write_text("3")
    assert fingerprint([one, two], "fact") != before
