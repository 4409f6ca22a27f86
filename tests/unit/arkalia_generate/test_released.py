"""What a release keeps of its CRDs is written once, and never changes."""

import pytest

from arkalia_generate.released import files_of, main, releases

FILE = "arkalia.io_things.yaml"


@pytest.fixture
def root(tmp_path):
    """A checkout of version 0.2.0 with one CRD, and one resource that it accepts."""
    (tmp_path / "crds").mkdir()
    (tmp_path / "crds" / FILE).write_text("one", encoding="utf-8")
    accepted = tmp_path / "tests/cluster/right_resources"
    accepted.mkdir(parents=True)
    (accepted / "thing.yaml").write_text("three", encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "0.2.0"\n', encoding="utf-8")
    return tmp_path


def change(root):
    (root / "crds" / FILE).unlink()
    (root / "crds" / "arkalia.io_others.yaml").write_text("two", encoding="utf-8")


def kept(root):
    [folder] = releases(root)
    return folder.name, files_of(folder / "crds")


def test_crds_are_kept_by_the_version_of_the_checkout(root, capsys):
    assert main([], root) == 0

    assert kept(root) == ("0.2.0", {FILE: "one"})
    assert files_of(releases(root)[0] / "accepted") == {"thing.yaml": "three"}
    assert "wrote tests/contract/released/0.2.0" in capsys.readouterr().out


def test_second_run_changes_nothing(root, capsys):
    main([], root)
    main([], root)

    assert "up to date" in capsys.readouterr().out


def test_what_was_released_is_not_overwritten(root):
    main([], root)
    change(root)

    with pytest.raises(SystemExit, match="what was released does not change"):
        main([], root)

    assert kept(root) == ("0.2.0", {FILE: "one"})


def test_version_that_was_not_published_is_written_again_when_asked(root):
    main([], root)
    change(root)

    main(["--again"], root)

    assert kept(root) == ("0.2.0", {"arkalia.io_others.yaml": "two"})


def test_releases_are_in_the_order_of_their_numbers(root):
    for version in ("0.10.0", "0.9.0", "1.0.0", "1.0.0-rc.1"):
        (root / "tests/contract/released" / version).mkdir(parents=True)

    assert [each.name for each in releases(root)] == [
        "0.9.0", "0.10.0", "1.0.0-rc.1", "1.0.0",
    ]  # fmt: skip
