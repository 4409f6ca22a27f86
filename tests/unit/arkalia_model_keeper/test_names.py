"""A model has one name, however it is written."""

import pytest

from arkalia_model_keeper.names import whole


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("llama3.2", "llama3.2:latest"),
        ("llama3.2:3b", "llama3.2:3b"),
        ("library/llama3.2", "llama3.2:latest"),
        ("registry.ollama.ai/library/llama3.2:3b", "llama3.2:3b"),
        ("own.example.com:5000/a/model", "own.example.com:5000/a/model:latest"),
        ("hf.co/Some/Model-GGUF:Q4_K_M", "hf.co/some/model-gguf:q4_k_m"),
    ],
)
def test_name_is_the_one_that_the_server_lists(written, name):
    assert whole(written) == name
    assert whole(whole(written)) == name
