"""Tells decisions."""

DECIDED = "io.arkalia.decision.made"


def decision(number):
    return {"decision_id": str(number), "subject": "s", "verdict": "watch", "confidence": 0.5}


async def tell(outbox, database, *numbers, stream="one stream"):
    """Each in a transaction of its own."""
    for number in numbers:
        async with database.transaction() as connection:
            await outbox.publish(connection, DECIDED, stream, decision(number))


def numbers(events):
    return [int(event.data["decision_id"]) for event in events]
