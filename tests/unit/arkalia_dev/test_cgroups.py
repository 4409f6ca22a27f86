import pytest

from arkalia_dev import cgroups


def old(root):
    """The hierarchies of cgroup v1, with ordinary files."""
    for name in ("cpuset", "memory"):
        (root / name).mkdir()
        (root / name / "cgroup.procs").write_text("")
    (root / "cpu,cpuacct").symlink_to(root / "memory")
    return root


def test_hierarchies_are_one_on_version_2(tmp_path):
    (tmp_path / "cgroup.controllers").write_text("cpu memory")

    assert cgroups.hierarchies(tmp_path) == [tmp_path]


def test_hierarchies_are_one_for_each_controller_on_version_1(tmp_path):
    assert cgroups.hierarchies(old(tmp_path)) == [tmp_path / "cpuset", tmp_path / "memory"]


def test_group_is_made_in_every_hierarchy(tmp_path):
    cgroups.create("/arkalia-1", old(tmp_path))

    assert (tmp_path / "cpuset/arkalia-1").is_dir()
    assert (tmp_path / "memory/arkalia-1").is_dir()


@pytest.mark.parametrize(("file", "share"), [("cpu.shares", "20480"), ("cpu.weight", "2000")])
def test_pods_together_get_more_time_than_one_process_of_the_machine(tmp_path, file, share):
    (old(tmp_path) / "cpu/arkalia-1").mkdir(parents=True)
    (tmp_path / "cpu/cgroup.procs").write_text("")
    (tmp_path / "cpu/arkalia-1" / file).write_text("1024")

    cgroups.create("/arkalia-1", tmp_path)

    assert (tmp_path / "cpu/arkalia-1" / file).read_text() == share


def test_group_is_removed_with_all_below_it_and_nothing_else(tmp_path):
    cgroups.create("/arkalia-1", old(tmp_path))
    cgroups.create("/arkalia-2", tmp_path)
    (tmp_path / "memory/arkalia-1/kubepods/pod").mkdir(parents=True)

    cgroups.remove("/arkalia-1", tmp_path)

    assert not list(tmp_path.glob("*/arkalia-1"))
    assert (tmp_path / "memory/arkalia-2").is_dir()


def test_removal_is_no_failure_when_there_is_no_group(tmp_path):
    cgroups.remove("/arkalia-1", old(tmp_path))
