"""Server-side apply as the model of the API server does it; lists are owned as a whole."""

import orjson


def sent(body):
    """A copy of *body*, as it comes out of a connection."""
    return orjson.loads(orjson.dumps(body))


def untimed(body):
    """*body* without the times of its managed fields."""
    metadata = dict(body["metadata"])
    entries = metadata.pop("managedFields", [])
    return {**body, "metadata": metadata}, [{**each, "time": ""} for each in entries]


def merge(old, change):
    """*old* with *change*: a new mapping that shares what it can with both."""
    merged = dict(old)
    for key, value in change.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = merge(merged[key], value) if both else value
    return merged


def applied(owner):
    return owner["operation"] == "Apply"


def owned_fields(body):
    owners = body["metadata"].get("managedFields", [])
    return next((each["fieldsV1"] for each in owners if applied(each)), {})


def without(body, fields):
    """*body* without the *fields* that were applied before."""
    kept = {}
    for key, value in body.items():
        inner = fields.get(f"f:{key}")
        if inner is None:
            kept[key] = value
        elif inner:
            kept[key] = without(value, inner)
    return kept


def fields_of(value):
    if not isinstance(value, dict):
        return {}
    return {f"f:{key}": fields_of(each) for key, each in value.items()}
