"""Whether there is a language model, in one verdict."""

from dataclasses import replace

from arkalia_operator.api.llm import ApiKeySecret
from arkalia_operator.desired import rendered as desired_of
from arkalia_operator.desired.resolve import resolve
from arkalia_operator.planning.llm import trouble, verdict
from arkalia_operator.planning.model_server import LlmView
from arkalia_operator.planning.observed import Observed
from builders import a_module, a_system, modules_with

TALKER = a_module(needs={"llm": True})
SECRET = ApiKeySecret(name="paid")
WITH_SERVER = {"mode": "external", "url": "http://ollama:11434"}


def judged(system, module=TALKER, **changed):
    found = replace(resolve(system, modules_with(module)), **changed)
    return verdict(LlmView(system, desired_of(system, found, None), Observed()))


def test_system_whose_modules_need_none_lacks_none():
    assert judged(a_system(), a_module()).status == "True"


def test_system_that_names_no_server_is_told_what_to_write():
    found = judged(a_system())

    assert (found.status, found.reason) == ("False", "NotConfigured")
    assert found.message.startswith("alpha: there is no language model: write spec.llm")


def test_system_with_a_server_says_which():
    found = judged(a_system(llm=WITH_SERVER))

    assert (found.status, found.message) == ("True", "alpha: told of main.")


def test_missing_key_is_told():
    problem = trouble("main", SECRET, None)

    found = judged(a_system(llm=WITH_SERVER), keys=(problem,))

    assert (found.status, found.reason) == ("False", "ApiKeyMissing")
    assert found.message == problem.message


def test_nothing_is_known_of_a_spec_that_is_not_understood():
    found = judged(a_system(version="9.9.9"))

    assert (found.status, found.reason) == ("Unknown", "VersionNotSupported")


def test_secret_with_its_key_is_no_trouble():
    assert trouble("main", SECRET, {"data": {"apiKey": "a2V5"}}) is None


def test_secret_that_is_not_there_or_lacks_its_key_is_told_with_what_to_do():
    missing, empty = trouble("main", SECRET, None), trouble("main", SECRET, {"data": {}})

    assert missing.message == (
        "spec.llm: Secret paid for the model server main does not exist: create it with the API "
        "key in its key apiKey"
    )
    assert "has no key apiKey: add it" in empty.message
