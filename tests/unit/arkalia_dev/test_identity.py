import os
import subprocess
from dataclasses import replace

from arkalia_dev.identity import Identity, from_json, identify, parse_stat


def test_process_is_alive_when_it_is_the_one_that_was_recorded():
    me = identify(os.getpid())

    assert me is not None
    assert me.is_alive()


def test_process_is_not_alive_when_its_pid_was_given_to_another():
    me = identify(os.getpid())

    assert not replace(me, started=me.started - 1).is_alive()


def test_process_is_not_alive_when_the_machine_was_booted_since():
    me = identify(os.getpid())

    assert not replace(me, boot="another boot").is_alive()


def test_process_has_no_identity_when_it_ended_and_nobody_reaped_it():
    process = subprocess.Popen(["true"])
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)

    identity = identify(process.pid)
    process.wait(timeout=5)

    assert identity is None


def test_stat_is_understood_when_the_name_holds_spaces_and_brackets():
    fields = " ".join(["S", "1", *["0"] * 17, "4711", "0"])

    assert parse_stat(f"42 (a) S 1 (b c)) {fields}") == ("S", 4711)


def test_record_gives_the_identity_back():
    identity = Identity(1, 2, "boot")

    assert from_json(identity.to_json()) == identity


def test_record_means_nobody_when_it_is_damaged():
    assert from_json({"pid": 1}) is None
    assert from_json(None) is None
