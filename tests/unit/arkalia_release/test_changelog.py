"""The changelog: a section taken out, and the next one begun."""

import pytest

from arkalia_release import changelog
from arkalia_release.errors import ReleaseError
from arkalia_release.versions import parsed

TEXT = """\
# Changelog

All notable changes.

## [Unreleased]

### Added

- A thing that is told
  in two lines.
- Another.

### Fixed

- A fault.

## [0.1.0] - 2026-11-01

### Added

- The first thing.
"""


def test_section_is_what_stands_below_its_heading():
    assert changelog.section(TEXT, "0.1.0") == "### Added\n\n- The first thing.\n"


@pytest.mark.parametrize("name", ["0.2.0", "0.1"])
def test_section_that_is_missing_is_refused(name):
    with pytest.raises(ReleaseError, match=r"says nothing under"):
        changelog.section(TEXT, name)


def test_section_without_a_word_is_refused():
    with pytest.raises(ReleaseError, match=r"says nothing under \[Unreleased\]"):
        changelog.section("## [Unreleased]\n\n## [0.1.0]\n- x\n", "Unreleased")


def test_release_takes_what_was_unreleased_and_leaves_an_empty_section():
    new = changelog.released(TEXT, parsed("0.2.0"), "2026-12-24")

    assert changelog.section(new, "0.2.0") == changelog.section(TEXT, "Unreleased")
    assert changelog.section(new, "0.1.0") == changelog.section(TEXT, "0.1.0")
    assert "## [Unreleased]\n\n## [0.2.0] - 2026-12-24\n" in new
    assert new.startswith("# Changelog\n\nAll notable changes.\n")


def test_first_release_needs_no_earlier_section():
    first = TEXT.partition("## [0.1.0]")[0]

    new = changelog.released(first, parsed("0.1.0"), "2026-12-24")

    assert changelog.section(new, "0.1.0") == changelog.section(first, "Unreleased")


def test_version_is_released_once():
    with pytest.raises(ReleaseError, match=r"has a section \[0\.1\.0\] already"):
        changelog.released(TEXT, parsed("0.1.0"), "2026-12-24")


def test_changes_have_their_kind_and_stand_on_one_line():
    assert changelog.changes(changelog.section(TEXT, "Unreleased")) == [
        ("added", "A thing that is told in two lines."),
        ("added", "Another."),
        ("fixed", "A fault."),
    ]


def test_group_that_nobody_knows_is_refused():
    with pytest.raises(ReleaseError, match=r"has a group 'Improved': write one of Added"):
        changelog.changes("### Improved\n\n- Much.\n")
