"""Hypothesis strategies: descriptions of modules, as the API server lets them through."""

from functools import cache

from hypothesis import strategies as st

from arkalia_operator.api.arkaliamodule import ArkaliaModuleSpec
from arkalia_operator.api.structural import structural_schema
from schema_values import Admitted

SCHEMA = structural_schema(ArkaliaModuleSpec)
FIELDS = SCHEMA["properties"]
NEEDED = ("image", "components")


@cache
def _wholes_and_blocks():
    """Whole descriptions, and by field such that say nothing else but what every one must say."""
    plain = Admitted()
    component = plain.of(FIELDS["components"]["items"])
    components = st.builds(
        lambda main, more: [main | {"name": "main"}, *more],
        component,
        st.lists(component, max_size=2),
    )
    values = Admitted({"components": components})
    bare = {name: values.of(FIELDS[name], name) for name in NEEDED}
    blocks = [
        values.kept(st.fixed_dictionaries({**bare, name: values.of(field, name)}), SCHEMA)
        for name, field in FIELDS.items()
    ]
    return values.of(SCHEMA), st.one_of(blocks)


@st.composite
def module_specs(draw):
    """Descriptions that the API server lets through.

    Every field of the schema is among it. Half of them have one block, so that what lies deep in it
    is no rare chance either.
    """
    return draw(draw(st.sampled_from(_wholes_and_blocks())))
