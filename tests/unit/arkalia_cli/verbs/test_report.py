"""`arkalia report` against an API server: the file, its rights, what it cannot hold."""

import tarfile

import pytest

from arkalia_cli.api_paths import EVENT, MODULE, POD, REPORTED, SECRET
from unit.arkalia_cli.conftest import SYSTEMS
from unit.arkalia_cli.objects import a_pod, collection, log_of
from unit.arkalia_cli.systems import a_system
from unit.arkalia_cli.verbs.test_doctor import well

__all__ = ["well"]

PLANTED = "Zq8vLr2TnX5mWk9pBd4hYc7s"


@pytest.fixture
def reported(well):
    """A system with a pod, whose log and whose Secret hold a secret."""
    well.list(SYSTEMS, a_system())
    for kind in (*REPORTED, EVENT, MODULE):
        well.list(collection(kind))
    well.list(collection(POD), a_pod("h-1", "helloria"))
    well.list(POD.path("arkalia-system"))
    well.list(collection(SECRET), {"metadata": {"name": "luna-admin"}, "data": {"key": PLANTED}})
    well.by_path[log_of("h-1")] = f"2026-11-21T04:00:00Z password={PLANTED}\n"
    return well


@pytest.fixture
def bundle(reported, arkalia, tmp_path):
    """The files of a report by their paths."""
    done = arkalia("report", "luna", "--file", str(tmp_path / "report.tar.gz"))
    assert done.exit_code == 0
    with tarfile.open(tmp_path / "report.tar.gz") as archive:
        return {
            each.name.partition("/")[2]: archive.extractfile(each).read().decode()
            for each in archive.getmembers()
        }


def test_report_holds_the_system_its_pod_and_their_logs(bundle):
    assert {
        "README.txt",
        "resources/ArkaliaSystem/luna.yaml",
        "resources/Pod/h-1.yaml",
        "resources/Secret/luna-admin.yaml",
        "logs/helloria/h-1-main.log",
    } <= set(bundle)


def test_no_file_of_the_report_holds_a_planted_secret(bundle):
    assert [path for path, text in bundle.items() if PLANTED in text] == []
    assert "password=REDACTED" in bundle["logs/helloria/h-1-main.log"]


def test_only_the_owner_may_read_the_file(bundle, tmp_path):
    assert (tmp_path / "report.tar.gz").stat().st_mode & 0o077 == 0


def test_existing_file_is_never_written_over(bundle, arkalia, tmp_path):
    done = arkalia("report", "--file", str(tmp_path / "report.tar.gz"))

    assert done.exit_code == 2
    assert "File exists" in done.stderr


def test_what_the_user_may_not_read_is_left_out_and_told(reported, told, tmp_path):
    for path in (log_of("h-1"), collection(EVENT), collection(SECRET), collection(MODULE)):
        reported.by_path[path] = 403

    answer = told("report", "--file", str(tmp_path / "other.tar.gz"))

    left_out = {each.partition(":")[0] for each in answer["leftOut"]}
    assert left_out == {"log of h-1", "Events", "ArkaliaModules"}


def test_system_without_secrets_is_reported_too(reported, arkalia, tmp_path):
    reported.by_path[collection(SECRET)] = {"metadata": {}, "items": None}

    assert arkalia("report", "--file", str(tmp_path / "other.tar.gz")).exit_code == 0


def test_kinds_that_the_user_may_not_list_are_named(reported, told, tmp_path):
    reported.by_path[collection(REPORTED[1])] = 403

    answer = told("report", "--file", str(tmp_path / "other.tar.gz"))

    kind = REPORTED[1]
    assert answer["leftOut"] == [f"{kind.name}: you may not list {kind.plural}"]
