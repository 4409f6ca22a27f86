"""Who may use which model, as the gateway tells the caller's scopes."""

import pytest

from arkalia_assistantia import allowed
from arkalia_contract import headers
from arkalia_model.chains import NAME
from unit.arkalia_assistantia.conftest import backend

ALIASES = {"large": [NAME], "small": [NAME]}

WAYS = {
    "/chat": {"message": "How are you?"},
    "/v1/chat/completions": {"messages": [{"role": "user", "content": "How are you?"}]},
    "/api/chat": {"messages": [{"role": "user", "content": "How are you?"}], "stream": False},
    "/api/generate": {"prompt": "How are you?", "stream": False},
    "/v1/embeddings": {"input": "How are you?"},
}


@pytest.fixture
def models(alone, model_server):
    """A client of an assistant with the models large, small and the demonstration's own name."""
    return lambda: alone(backend("main", model_server.url), aliases=ALIASES)


def by(scopes):
    return {headers.USER: "ada", **({} if scopes is None else {headers.SCOPES: scopes})}


async def asked(client, path, scopes, **body):
    async with client.post(path, json=WAYS[path] | body, headers=by(scopes)) as answer:
        return answer.status, await answer.json(content_type=None)


@pytest.mark.parametrize("path", WAYS)
async def test_model_without_its_scope_is_refused_on_every_way(models, path):
    async with models() as client:
        status, told = await asked(client, path, "chat model:small", model="large")

    assert (status, told["code"]) == (403, "model_denied")
    assert told["detail"] == "The model large takes the scope model:large, which you do not have."


@pytest.mark.parametrize("scopes", ["chat model:small", "chat model:sm*", "chat model:*", "*"])
async def test_model_with_its_scope_answers(models, scopes):
    async with models() as client:
        assert (await asked(client, "/chat", scopes, model="small"))[0] == 200
        assert (await asked(client, "/api/chat", scopes, model="small"))[0] == 200


@pytest.mark.parametrize("scopes", ["chat", "", None])
async def test_right_to_chat_alone_reaches_no_model(models, scopes):
    async with models() as client:
        for model in ("", "small", NAME, "unheard-of"):
            assert (await asked(client, "/chat", scopes, model=model))[0] == 403


async def test_who_names_no_model_gets_one_that_they_may_use(models):
    async with models() as client:
        usual = await asked(client, "/chat", "chat model:*")
        other = await asked(client, "/chat", "chat model:small")

    assert (usual[0], other[0]) == (200, 200)


async def test_models_that_may_not_be_used_are_not_listed(models):
    async with models() as client:
        async with client.get("/v1/models", headers=by("chat model:small")) as answer:
            openai = [each["id"] for each in (await answer.json())["data"]]
        async with client.get("/api/tags", headers=by("chat model:small")) as answer:
            ollama = [each["name"] for each in (await answer.json())["models"]]

    assert openai == ollama == ["small"]


async def test_model_that_may_not_be_used_is_not_shown(models):
    async with models() as client:
        statuses = [
            (await client.get(f"/v1/models/{name}", headers=by("chat model:small"))).status
            for name in ("small", NAME)
        ]

    assert statuses == [200, 404]


async def test_name_of_a_model_may_hold_slashes(alone, model_server):
    server = backend("main", model_server.url)
    async with (
        alone(server, aliases={"org/small": [NAME]}) as client,
        client.get("/v1/models/org/small", headers=by("chat model:org/small")) as answer,
    ):
        assert (answer.status, (await answer.json())["id"]) == (200, "org/small")


async def test_another_module_that_asks_for_nobody_may_use_all(models):
    async with models() as client, client.post("/chat", json={"message": "Hello"}) as answer:
        assert answer.status == 200


@pytest.mark.parametrize("model", ["small", "small:latest", "Small"])
def test_names_that_mean_one_model_take_one_scope(model):
    for scope in ("model:small", "model:small:latest"):
        allowed.granted.set(frozenset({scope}))
        assert allowed.is_allowed(model)
    allowed.granted.set(frozenset({"model:smaller"}))
    assert not allowed.is_allowed(model)
