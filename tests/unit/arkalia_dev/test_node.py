import re

import pytest

from arkalia_dev import components, record
from arkalia_dev.cli import main
from arkalia_dev.components.controller_manager import AUTOSCALING
from arkalia_dev.development import Development
from arkalia_dev.errors import DevError
from arkalia_dev.identity import Identity
from arkalia_dev.node import remove_tree
from arkalia_dev.node_config import flags
from arkalia_dev.paths import CHECKOUT, Paths


@pytest.fixture
def development(tmp_path):
    """The node way, on a machine that has nothing yet."""
    return Development("node", Paths(CHECKOUT, tmp_path / "states", tmp_path / "cache"))


@pytest.fixture
def services(development):
    return {row.name: row for row in components.services(development.node.config())}


def test_components_start_when_what_they_need_answers(services):
    gates = {name: row.gate for name, row in services.items()}

    assert gates == {
        "etcd": "",
        "containerd": "",
        "kube-apiserver": "tcp:2379",
        "kube-controller-manager": "ready:6443",
        "kube-scheduler": "ready:6443",
        "kubelet": "unix:/run/containerd/containerd.sock",
        "kube-proxy": "ready:6443",
    }


def test_api_server_listens_where_pods_look_for_it(services, development):
    argv = services["kube-apiserver"].argv
    subnets = development.node.config().subnets

    assert f"--advertise-address={subnets.node}" in argv
    assert "--bind-address=0.0.0.0" in argv
    assert "--audit-log-path=/run/arkalia/logs/audit.log" in argv


def test_autoscaling_answers_within_the_time_of_a_test(services):
    assert set(AUTOSCALING) <= set(services["kube-controller-manager"].argv)


def test_made_of_changes_when_a_flag_or_a_certificate_changes(development):
    before = development.node.made_of()
    development.paths.make()

    (development.paths.pki / "ca.crt").write_text("new")

    assert development.node.made_of() != before


def test_made_of_is_the_same_whatever_the_callers_environment(development, monkeypatch):
    before = development.node.made_of()

    monkeypatch.setenv("PATH", "/somewhere/else")

    assert development.node.made_of() == before


def test_flags_have_the_form_of_kubernetes():
    assert flags(a_b=1, on=True, many=("x", "y")) == ("--a-b=1", "--on=true", "--many=x,y")


def test_node_does_not_run_when_its_first_process_is_another(development):
    development.paths.make()
    stranger = Identity(pid=1, started=-1, boot="another")
    record.write(development.paths.record, record.Record("node", 210, stranger))

    assert not development.node.is_running()
    assert development.node.config().subnets.slot == 210


def test_dry_run_writes_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("os.geteuid", lambda: 0)

    code = main(["up", "--dry-run", "--provider", "node"])

    text = capsys.readouterr().out
    assert code == 0
    assert list(tmp_path.iterdir()) == []
    assert re.search(r"unshare --mount --net --pid --uts --ipc --fork python3 -m arkalia_dev", text)
    assert "debootstrap --variant=minbase" in text


def test_node_says_what_it_needs_when_the_user_is_not_root(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr("os.geteuid", lambda: 1000)

    code = main(["up", "--provider", "node"])

    told = capsys.readouterr().err
    assert code == 1
    assert "docker info" in told
    assert "root" in told
    assert list(tmp_path.iterdir()) == []


def test_way_cannot_be_changed_while_there_is_a_cluster(development):
    development.paths.make()
    record.write(development.paths.record, record.Record("kind"))

    with pytest.raises(DevError) as failure:
        Development("node", development.paths).cluster_steps()

    assert "make down" in failure.value.advice


def test_removal_ends_with_the_record(tmp_path, monkeypatch):
    state = tmp_path / "state"
    (state / "etcd").mkdir(parents=True)
    (state / "cluster.json").write_text("{}")

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("shutil.rmtree", killed)
    with pytest.raises(KeyboardInterrupt):
        remove_tree(state)

    assert (state / "cluster.json").exists()


def test_removal_takes_everything(tmp_path):
    state = tmp_path / "state"
    (state / "etcd").mkdir(parents=True)
    (state / "link").symlink_to("/etc")
    (state / "cluster.json").write_text("{}")

    remove_tree(state)

    assert not state.exists()
