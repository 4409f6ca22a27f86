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
    texts = ("key", "route", "method", "reason", "client")
    longest = JUDGED | dict.fromkeys(texts, "x" * access.LONGEST_JUDGED)
    longest["user"] = "x" * access.LONGEST_USER

    assert (await service.ask("POST", access.JUDGEMENTS, [longest]))[0] == 204
    for text in ("user", *texts):
        longer = longest | {text: longest[text] + "x"}
        assert (await service.ask("POST", access.JUDGEMENTS, [longer]))[0] == 422


async def test_event_names_neither_the_request_nor_the_trace_that_told_it(service, schema):
    """They would pass for those of the requests that were judged."""
    said = {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}
    async with service._session.post(access.JUDGEMENTS, json=[JUDGED], headers=said) as answer:
        assert answer.status == 204

    asked = "SELECT data, traceparent FROM outbox WHERE type = 'io.arkalia.access.judged'"
    [(event, trace)] = schema.rows(asked)
    assert "request_id" not in event
    assert trace == ""
