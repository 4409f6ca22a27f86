"""Every service is what its `module.yaml` says, and nothing else.

The description is the whole one, as it is shipped: joined with what every module has. The service
is its app, made with the settings that it has without any.
"""

import ast
import importlib
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import get_type_hints

import pytest
from prometheus_client import CollectorRegistry

from arkalia_contract import control, endpoints, event_types, identity
from arkalia_operator.api.resources import ArkaliaModule
from arkalia_operator.catalogue.generate import bodies
from arkalia_runtime.database import Database
from arkalia_runtime.events import Outbox
from arkalia_runtime.events.following import Following
from arkalia_runtime.identity.callers import Paths
from arkalia_runtime.migrations import revisions
from arkalia_runtime.redis import Redis

ROOT = Path(__file__).resolve().parents[2]
DESCRIBED = {name: ArkaliaModule.from_body(body) for name, body in bodies(ROOT).items()}
NAMES = sorted(DESCRIBED)
OF_EVERY_SERVICE = {
    endpoints.HEALTH,
    endpoints.HEALTH_LIVE,
    endpoints.HEALTH_READY,
    endpoints.HEALTH_DETAILED,
    endpoints.METRICS,
    endpoints.STATUS,
    endpoints.CONTROL_ACTIONS,
    f"{endpoints.CONTROL_ACTIONS}/{{order_id}}",
}
OF_EVERY_SERVICE_WITH_A_DATABASE = {endpoints.EVENTS_OUTBOX}
MIGRATE = {"forward": ["arkalia-migrate", "forward"], "back": ["arkalia-migrate", "back"]}
SAMPLES = {"counter": "_total", "histogram": "_bucket"}
IN_A_QUERY = re.compile(r"\b([a-z_]\w+)\{")

every_service = pytest.mark.parametrize("name", NAMES)


def package(name):
    return f"arkalia_{name.replace('-', '_')}"


@cache
def made(name):
    """The app of a service and its settings."""
    create = importlib.import_module(f"{package(name)}.app").create
    settings = get_type_hints(create)["settings"]()
    return create(settings), settings


def spec(name):
    return DESCRIBED[name].spec


def parts(name, kind):
    return [each for each in made(name)[0].state.parts if isinstance(each, kind)]


def served(name):
    """Path and method of everything that the service's OpenAPI description has of its own."""
    paths = made(name)[0].openapi()["paths"]
    usual = OF_EVERY_SERVICE | OF_EVERY_SERVICE_WITH_A_DATABASE
    return {
        (path, method.upper())
        for path, methods in paths.items()
        for method in methods
        if path not in usual
    }


def called(name):
    """What other modules' descriptions say they call of this one."""
    patterns = [
        path
        for other in DESCRIBED.values()
        for call in other.spec.calls
        if call.module == name
        for path in call.paths
    ]
    return Paths.of(patterns)


def exposed(name):
    """The names under which the service's metrics are scraped, and their families."""
    registry: CollectorRegistry = made(name)[0].state.metrics.registry
    families = list(registry.collect())
    samples = {f"{each.name}{SAMPLES.get(each.type, '')}" for each in families}
    return samples | {each.name for each in families}


def sources(name):
    for path in sorted((ROOT / "workloads" / name / package(name)).rglob("*.py")):
        yield ast.parse(path.read_text(encoding="utf-8"))


@every_service
def test_main_component_has_the_port_that_the_service_listens_on_by_itself(name):
    [main] = [each for each in spec(name).components if each.name == "main"]

    assert main.port == made(name)[1].port
    assert main.scheme == "HTTPS"


@every_service
def test_image_is_named_after_the_module(name):
    assert spec(name).image.repository == name
    assert spec(name).image.tag is None


@every_service
def test_service_is_for_everybody_if_its_description_says_so(name):
    assert made(name)[1].public is spec(name).public


@every_service
def test_service_has_the_paths_of_every_service(name):
    tells = spec(name).needs.postgresql and not spec(name).events.records
    wanted = OF_EVERY_SERVICE | (OF_EVERY_SERVICE_WITH_A_DATABASE if tells else set())

    assert wanted <= made(name)[0].openapi()["paths"].keys()


def described_routes(name):
    """Beginning of the path and method of every published route: its parameters do not count."""
    return {
        (beginning(route.path), method) for route in spec(name).routes for method in route.methods
    }


def beginning(path):
    return re.split(r"[{*]", path)[0]


@every_service
def test_every_route_of_the_description_is_served(name):
    own = {(beginning(path), method) for path, method in served(name)}

    assert described_routes(name) - own == set()


@every_service
def test_every_path_of_its_own_is_published_or_called_by_another_module(name):
    internal = called(name)
    strangers = [
        (path, method)
        for path, method in served(name)
        if (beginning(path), method) not in described_routes(name) and path not in internal
    ]

    # What no module calls yet, later modules may: the record is the ground of all.
    assert strangers == [] or spec(name).events.records


@every_service
def test_service_holds_what_its_description_says_it_needs(name):
    needs = spec(name).needs
    roles = {each.check.name.removeprefix("redis-") for each in parts(name, Redis)}

    assert bool(parts(name, Database)) is needs.postgresql
    assert roles == set(needs.redis)


@every_service
def test_description_names_the_migrations_of_a_schema_and_no_others(name):
    described = spec(name).migrations

    assert (described.model_dump() if described else None) == (
        MIGRATE if spec(name).needs.postgresql else None
    )


@every_service
def test_newest_migration_belongs_to_no_later_version_than_the_service(name):
    project = tomllib.loads((ROOT / "workloads" / name / "pyproject.toml").read_text("utf-8"))
    scripts = revisions.scripts_of(name)

    versions = [scripts.get_revision(head).module.version for head in scripts.get_heads()]

    own = revisions.version_of(project["project"]["version"])
    assert versions
    assert all(revisions.version_of(version) <= own for version in versions)


@every_service
def test_every_signal_is_measured(name):
    described = spec(name).signals
    asked = {each.metric for each in described if each.metric} | {
        metric for each in described if each.query for metric in IN_A_QUERY.findall(each.query)
    }

    assert asked - exposed(name) == set()
    assert asked


@every_service
def test_description_lists_the_verbs_that_the_service_carries_out(name):
    abilities = made(name)[0].state.actions.abilities

    assert {each.verb for each in spec(name).control} == abilities.keys()


@every_service
def test_arguments_of_every_verb_have_the_form_of_the_description(name):
    abilities = made(name)[0].state.actions.abilities
    known = {verb.name: verb for verb in control.ALL}

    for described in spec(name).control:
        arguments = abilities[described.verb].arguments
        assert described.arguments == form(arguments.model_json_schema())
        assert described.reversible is known[described.verb].reversible


def form(schema):
    """The JSON schema that pydantic makes, without its names for the whole and the fields."""
    fields = {
        name: {key: value for key, value in field.items() if key != "title"}
        for name, field in schema["properties"].items()
    }
    rest = {key: value for key, value in schema.items() if key not in ("title", "description")}
    return rest | {"properties": fields}


@every_service
def test_service_can_publish_what_its_description_says_it_emits(name):
    emitted = {each for outbox in parts(name, Outbox) for each in outbox.emits}

    assert {each.type for each in spec(name).events.emits} == emitted


@every_service
def test_service_reads_what_its_description_says_it_consumes(name):
    consumed = {each for reader in parts(name, Following) for each in reader.types}

    assert {each.type for each in spec(name).events.consumes} == consumed


@every_service
def test_every_event_type_is_in_the_registry_with_its_version(name):
    events = spec(name).events
    described = {(each.type, each.schema_version) for each in (*events.emits, *events.consumes)}

    assert described <= event_types.BY_NAME_AND_VERSION.keys()


@every_service
def test_calls_of_the_description_are_those_of_the_code(name):
    described = {(call.module, path) for call in spec(name).calls for path in call.paths}
    of_parts = {
        call for part in made(name)[0].state.parts for call in getattr(part, "calls", {}).items()
    }

    assert described == of_parts


@every_service
def test_code_calls_only_modules_that_the_description_names(name):
    literal = {
        node.args[0].value
        for tree in sources(name)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "to"
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }

    assert literal <= {call.module for call in spec(name).calls}


@every_service
def test_every_call_leads_to_a_path_that_is_served(name):
    for call in spec(name).calls:
        paths = made(call.module)[0].openapi()["paths"]
        for pattern in call.paths:
            beginning = pattern.removesuffix(identity.PATTERN_END)
            assert any(path == pattern or path.startswith(beginning) for path in paths), call


@every_service
def test_every_component_says_what_it_takes_and_is_not_throttled(name):
    for component in spec(name).components:
        assert component.resources.requests.keys() == {"cpu", "memory"}
        assert component.resources.limits.keys() == {"memory"}


@every_service
def test_command_of_every_component_is_a_program_of_the_image(name):
    project = tomllib.loads((ROOT / "workloads" / name / "pyproject.toml").read_text("utf-8"))
    programs = project["project"]["scripts"].keys()

    commands = [each.command[0] for each in spec(name).components if each.command]

    assert [each for each in commands if each not in programs] == []
