"""The contract holds names and forms, and nothing that behaves."""

import ast
import pkgutil
import sys
from pathlib import Path

import pytest

import arkalia_contract
from arkalia_contract import endpoints, environment, files, identity, labels

MODULES = sorted(each.name for each in pkgutil.iter_modules(arkalia_contract.__path__))


def constants(module):
    return {name: value for name, value in vars(module).items() if name.isupper()}


FORMS = {"__future__", "collections.abc", "dataclasses", "datetime", "typing"}
"""What is needed to write down names and forms; anything else would be behaviour."""


@pytest.mark.parametrize("name", MODULES)
def test_module_needs_nothing_that_must_be_installed(name):
    source = Path(arkalia_contract.__path__[0], f"{name}.py").read_text(encoding="utf-8")

    nodes = list(ast.walk(ast.parse(source)))
    imported = {
        alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names
    }
    imported |= {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}

    roots = {each.partition(".")[0] for each in imported}
    assert roots <= sys.stdlib_module_names | {"arkalia_contract"}


@pytest.mark.parametrize("module", [endpoints, environment, labels], ids=lambda m: m.__name__)
def test_no_name_stands_twice(module):
    names = [value for value in constants(module).values() if isinstance(value, str)]

    assert len(names) == len(set(names))


def test_every_path_starts_with_a_slash():
    paths = [path for name, path in constants(endpoints).items() if not name.startswith("PORT_")]

    assert [path for path in paths if not path.startswith("/")] == []


def test_every_variable_has_the_prefix_but_those_that_other_programs_read():
    names = {value for value in constants(environment).values() if isinstance(value, str)}
    proxies = {environment.HTTP_PROXY, environment.HTTPS_PROXY, environment.NO_PROXY}
    bundles = {environment.SSL_CERT_FILE, environment.REQUESTS_CA_BUNDLE}

    assert {name for name in names if not name.startswith(environment.PREFIX)} == proxies | bundles


def test_settings_file_lies_in_the_mounted_folder():
    assert Path(files.SETTINGS).parent == Path(files.SETTINGS_FOLDER)


def test_every_mounted_file_lies_in_a_folder_of_its_own_kind():
    homes = {
        files.CERTIFICATE: files.TLS_FOLDER,
        files.PRIVATE_KEY: files.TLS_FOLDER,
        files.AUTHORITY: files.TRUST_FOLDER,
        files.ISSUER: files.TRUST_FOLDER,
        files.KEYS: files.TRUST_FOLDER,
        files.CALLERS: files.IDENTITY_FOLDER,
        files.CALLEES: files.IDENTITY_FOLDER,
    }

    assert {file: str(Path(file).parent) for file in homes} == homes


def test_token_is_good_for_one_callee_of_one_system_in_one_namespace():
    audiences = {
        identity.audience(namespace, system, callee)
        for namespace in ("team-a", "team-b")
        for system in ("luna", "sol")
        for callee in ("zeroia", "helloria")
    }

    assert len(audiences) == 8


def test_subject_of_a_token_is_the_account_of_the_module():
    subject = identity.subject("team-a", "luna", "zeroia")

    assert subject == "system:serviceaccount:team-a:luna-zeroia"


def test_address_leads_to_the_service_of_the_module():
    address = identity.address("team-a", "luna", "zeroia", 8001)

    assert address == "https://luna-zeroia.team-a.svc:8001"
