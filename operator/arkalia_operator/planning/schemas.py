"""What is known of the schemas in the database: what was written down, and what Jobs did since."""

from __future__ import annotations

from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.desired import names
from arkalia_operator.desired.kinds import CONFIG_MAP
from arkalia_operator.desired.schemas import Remembered, Schemas, read
from arkalia_operator.planning.observed import ChildRecord, ObjectKey, Observed


def remembered(system: ArkaliaSystem, observed: Observed) -> Remembered:
    """What is known of the schemas of *system*.

    There is one Job of a module at a time, so one that has succeeded did it last.
    """
    written = _written(system, observed)
    jobs = [each for each in observed.children.values() if _moves_a_schema(each, system)]
    over = [each for each in jobs if each.job and each.job.succeeded]
    known = dict(written)
    for each in over:
        known.update(_schemas(each))
    return Remembered(
        known,
        jobs={each.module: each.key.name for each in over},
        working=frozenset(each.key.name for each in jobs if each.job and each.job.working),
        saved=known == written,
    )


def _moves_a_schema(record: ChildRecord, system: ArkaliaSystem) -> bool:
    return record.job is not None and bool(record.schemas) and record.owner_uid == system.uid


def _written(system: ArkaliaSystem, observed: Observed) -> Schemas:
    key = ObjectKey(CONFIG_MAP.name, system.namespace, names.schemas(system.name))
    record = observed.children.get(key)
    return {} if record is None else _schemas(record)


def _schemas(record: ChildRecord) -> Schemas:
    """What *record* says of schemas; what cannot be read is not known."""
    found = {module: read(text) for module, text in record.schemas.items()}
    return {module: schema for module, schema in found.items() if schema is not None}
