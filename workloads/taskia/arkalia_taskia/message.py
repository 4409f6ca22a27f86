"""What lies in a queue: one message for each task, with its id and nothing else.

It is written as Celery's own client writes it (message protocol 2,
https://docs.celeryq.dev/en/stable/internals/protocol.html), which would take 30 MiB of memory and
a thread; a test compares both.
"""

import base64
import uuid
from typing import Any, Final

import orjson

DO: Final = "arkalia.do"
"""The one Celery task: does the task whose id it is given."""


def message(task_id: str, queue: str) -> dict[str, Any]:
    """What a worker finds in the queue."""
    arguments: list[Any] = [
        [task_id],
        {},
        {"callbacks": None, "errbacks": None, "chain": None, "chord": None},
    ]
    return {
        "body": base64.b64encode(orjson.dumps(arguments)).decode(),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {
            "lang": "py",
            "task": DO,
            "id": task_id,
            "root_id": task_id,
            "parent_id": None,
            "group": None,
            "retries": 0,
            "eta": None,
            "expires": None,
            "timelimit": [None, None],
            "argsrepr": repr((task_id,)),
            "kwargsrepr": "{}",
            "ignore_result": True,
        },
        "properties": {
            "correlation_id": task_id,
            "reply_to": "",
            "delivery_mode": 2,
            "delivery_info": {"exchange": "", "routing_key": queue},
            "priority": 0,
            "body_encoding": "base64",
            "delivery_tag": str(uuid.uuid4()),
        },
    }


def task_of(text: bytes | None) -> uuid.UUID | None:
    """The task of a message as it lies in the queue; None if it is not such a message."""
    try:
        return uuid.UUID(orjson.loads(text or b"")["headers"]["id"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
