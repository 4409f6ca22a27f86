"""What the gateway has judged becomes events."""

from arkalia_contract import access
from unit.arkalia_security.asking import told

JUDGED = access.Judgement(
    user="u1",
    key="k1",
    route="/api/v1/tasks",
    method="GET",
    allowed=False,
    reason="the scope tasks is missing",
    client="192.0.2.9",
    count=3,
)


async def test_judgement_becomes_an_event(service, schema):
    await service.done("POST", access.JUDGEMENTS, [JUDGED, JUDGED | {"key": "", "reason": ""}])

    first, second = told(schema, "access.judged")
    assert (first["user_id"], first["key_id"], first["count"]) == ("u1", "k1", 3)
    assert (first["allowed"], first["reason"]) == (False, "the scope tasks is missing")
    assert "key_id" not in second


async def test_requests_are_counted(service):
    await service.done("POST", access.JUDGEMENTS, [JUDGED, JUDGED | {"allowed": True}])
    async with service._session.get("/metrics") as answer:
        text = await answer.text()

    assert 'arkalia_judgements_told_total{allowed="false"} 3.0' in text
    assert 'arkalia_judgements_told_total{allowed="true"} 3.0' in text


async def test_list_of_judgements_has_a_bound(service):
    most = [JUDGED] * access.JUDGEMENTS_AT_ONCE

    assert (await service.ask("POST", access.JUDGEMENTS, most))[0] == 204
    assert (await service.ask("POST", access.JUDGEMENTS, [*most, JUDGED]))[0] == 422


async def test_texts_of_a_judgement_may_be_as_long_as_the_contract_says(service):
    texts = ("user", "key", "route", "method", "reason", "client")
    longest = JUDGED | dict.fromkeys(texts, "x" * access.LONGEST_JUDGED)
    longer = longest | {"user": "x" * (access.LONGEST_JUDGED + 1)}

    assert (await service.ask("POST", access.JUDGEMENTS, [longest]))[0] == 204
    assert (await service.ask("POST", access.JUDGEMENTS, [longer]))[0] == 422
