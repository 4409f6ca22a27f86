"""What the keeper of the models does, round by round, at a server that says what is told here."""

import pytest

from arkalia_model_keeper.keeping import (
    CannotLoadError,
    CannotPullError,
    Keeper,
    Word,
    progress,
)
from arkalia_model_keeper.server import RefusedError, UnreachableError


class Scripted:
    """A server: *memory* is how many models it can hold."""

    def __init__(self, memory=9, refuses=(), lists_as=None):
        self.on_volume, self.in_memory, self.done = set(), [], []
        self.memory, self.refuses, self.lists_as = memory, refuses, lists_as or {}
        self.away = False

    def pulled(self):
        if self.away:
            msg = "refused"
            raise UnreachableError(msg)
        return frozenset(self.on_volume)

    def loaded(self):
        return frozenset(self.in_memory)

    def pull(self, model):
        self.done.append(("pull", model))
        for completed in (0, 5):
            yield {"status": "pulling", "total": 10, "completed": completed}
        if model in self.refuses:
            msg = "file does not exist"
            raise RefusedError(msg)
        self.on_volume.add(self.lists_as.get(model, f"{model}:latest"))

    def load(self, model):
        self.done.append(("load", model))
        if model in self.refuses:
            msg = "requires more system memory"
            raise RefusedError(msg)
        self.in_memory = [*self.in_memory, f"{model}:latest"][-self.memory :]


def a_keeper(server, *models, clock=lambda: 0.0):
    word = Word()
    return Keeper(server, models, word, clock), word


def test_missing_models_are_pulled_and_loaded_in_their_order():
    server = Scripted()
    keeper, word = a_keeper(server, "a", "b")

    keeper.round()

    assert server.done == [("pull", "a"), ("pull", "b"), ("load", "a"), ("load", "b")]
    assert word == Word(ready=True, message="All models are loaded.")


def test_nothing_is_done_while_all_is_there():
    server = Scripted()
    keeper, _ = a_keeper(server, "a")
    keeper.round()
    server.done.clear()

    keeper.round()

    assert server.done == []


def test_server_that_lost_its_memory_gets_its_models_again_without_a_pull():
    server = Scripted()
    keeper, word = a_keeper(server, "a")
    keeper.round()
    server.in_memory, server.done = [], []

    keeper.round()

    assert server.done == [("load", "a")]
    assert word.ready


def test_word_is_taken_back_while_the_server_is_away():
    server = Scripted()
    keeper, word = a_keeper(server, "a")
    keeper.round()
    server.away = True

    keeper.round()

    assert word == Word(ready=False, message="The server does not answer: refused")


def test_model_that_is_being_pulled_is_told_now_and_then():
    moments = iter(range(0, 100, 11))
    server = Scripted(refuses=["a"])
    keeper, word = a_keeper(server, "a", clock=lambda: next(moments))

    with pytest.raises(CannotPullError):
        keeper.round()

    assert word == Word(ready=False, message="a is being pulled: pulling, 50 %.")


def test_model_that_cannot_be_pulled_ends_it_with_the_servers_words():
    keeper, word = a_keeper(Scripted(refuses=["b"]), "a", "b")

    with pytest.raises(CannotPullError, match="model b cannot be pulled: file does not exist"):
        keeper.round()

    assert not word.ready


def test_model_that_is_listed_by_another_name_is_not_pulled_again_and_again():
    keeper, _ = a_keeper(Scripted(lists_as={"a": "a:q4"}), "a")

    with pytest.raises(CannotPullError, match="by another name: write that one of a:q4"):
        keeper.round()


def test_model_that_cannot_be_loaded_ends_it_with_the_servers_words():
    server = Scripted(refuses=["a"])
    server.on_volume.add("a:latest")
    keeper, _ = a_keeper(server, "a")

    with pytest.raises(CannotLoadError, match="a cannot be loaded: requires more system memory"):
        keeper.round()


def test_models_that_put_each_other_out_of_memory_are_told():
    keeper, word = a_keeper(Scripted(memory=1), "a", "b")

    with pytest.raises(CannotLoadError, match="fit into memory together: a had to go"):
        keeper.round()

    assert not word.ready


@pytest.mark.parametrize(
    ("told", "text"),
    [
        ({"status": "verifying"}, "verifying"),
        ({"status": "pulling 1", "total": 200, "completed": 50}, "pulling 1, 25 %"),
        ({"status": "pulling 1", "total": 200}, "pulling 1, 0 %"),
        ({}, ""),
    ],
)
def test_progress_is_told_in_percent_where_it_has_an_end(told, text):
    assert progress(told) == text
