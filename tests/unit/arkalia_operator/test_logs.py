import json
import logging

import pytest

from arkalia_operator import logs


@pytest.fixture
def line():
    """Formats one record as JSON."""

    def formatted(message="said", *arguments, error=None, **extra):
        exc_info = (type(error), error, None) if error else None
        record = logging.LogRecord("here", logging.INFO, "", 1, message, arguments, exc_info)
        vars(record).update(extra)
        return json.loads(logs.JsonFormatter().format(record))

    return formatted


def test_a_line_holds_time_level_logger_and_message(line):
    found = line("%d of %d", 1, 2)

    assert (found["level"], found["logger"], found["message"]) == ("INFO", "here", "1 of 2")
    assert found["time"].endswith("Z")


def test_a_line_of_a_reconcile_says_which_system_and_which_reconcile(line):
    with logs.about("ns", "luna", "42"):
        inside = line()
    outside = line()

    assert (inside["namespace"], inside["system"], inside["reconcile"]) == ("ns", "luna", "42")
    assert "system" not in outside


def test_a_line_about_a_module_says_so_beside_its_system(line):
    with logs.about("ns", "luna", "42"):
        with logs.about_module("zeroia"):
            inside = line()
        with logs.about_module(""):
            about_all = line()
        outside = line()

    assert (inside["system"], inside["module"]) == ("luna", "zeroia")
    assert "module" not in about_all
    assert "module" not in outside


def test_a_line_keeps_extras_but_not_those_of_kopf(line):
    found = line(extra_field=7, settings=object(), k8s_skip=True)

    assert found["extra_field"] == 7
    assert "settings" not in found
    assert "k8s_skip" not in found


def test_a_line_of_an_error_holds_it(line):
    assert "ValueError: broken" in line(error=ValueError("broken"))["exception"]
