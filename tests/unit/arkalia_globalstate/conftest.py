"""A record with two modules that tell it events."""

import pytest

from unit.arkalia_globalstate.parts import Emitter, Keeper


@pytest.fixture
def zeroia(tmp_path, postgresql):
    return Emitter.of(tmp_path, "zeroia", postgresql)


@pytest.fixture
def sandozia(tmp_path, postgresql):
    return Emitter.of(tmp_path, "sandozia", postgresql)


@pytest.fixture
def keeper(tmp_path, postgresql, redis):
    return Keeper.of(tmp_path, postgresql, redis)
