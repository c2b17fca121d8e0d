"""What stands in two places says the same in both."""

from __future__ import annotations

import ast
import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest
import tomllib
import yaml
from project import INTERNAL, MODULE_FILES, ROLES, ROOT, load, spec_of

# An action's documentation is a module of its name, which has nothing else
MODULES = [path for path in MODULE_FILES if "\ndef run(" in path.read_text(encoding="utf-8")]
ACTIONS = [path for path in MODULE_FILES if path not in MODULES]


def load_module(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(f"module_{path.stem}", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("role", ROLES)
def test_every_default_of_a_role_is_in_its_spec_and_has_its_prefix(role: str) -> None:
    defaults = load(ROOT / "roles" / role / "defaults" / "main.yml") or {}
    spec = spec_of(role)
    assert set(defaults) <= set(spec)
    assert all(name.startswith(f"{role}_") for name in spec)
    assert all("default" not in option for option in spec.values()), "defaults/main.yml has them"


@pytest.mark.parametrize("role", ROLES)
def test_every_role_says_what_it_is(role: str) -> None:
    directory = ROOT / "roles" / role
    assert (directory / "defaults" / "main.yml").is_file()
    spec = load(directory / "meta" / "argument_specs.yml")["argument_specs"]["main"]
    about = load(directory / "meta" / "main.yml")
    said = about["galaxy_info"]
    assert about["dependencies"] == []
    assert said["role_name"] == role
    assert said["description"] == spec["short_description"]
    assert said["license"] == "MIT" and (ROOT / "LICENSE").read_text().startswith("MIT License")
    other = load(ROOT / "roles" / ROLES[0] / "meta" / "main.yml")["galaxy_info"]
    for key in ("author", "min_ansible_version", "platforms"):
        assert said[key] == other[key], key


@pytest.mark.parametrize("role", ROLES)
def test_every_variable_of_a_role_has_a_default_or_is_wired_or_is_required(role: str) -> None:
    given = set(load(ROOT / "roles" / role / "defaults" / "main.yml") or {})
    given |= set(load(INTERNAL)) | set(load(INTERNAL.with_name("stack.yml")))
    assert set(spec_of(role)) <= given


@pytest.mark.parametrize("role", ROLES)
def test_every_variable_in_a_spec_is_used(role: str) -> None:
    texts = [
        path.read_text(encoding="utf-8")
        for path in (ROOT / "roles" / role).rglob("*")
        if path.is_file() and path.name not in ("argument_specs.yml",)
    ]
    # Reads what it judges by name, for all hosts at once
    texts.append((ROOT / "library" / "action" / "inventory_check.py").read_text(encoding="utf-8"))
    # Words, so that stack_dir isn't found in another role's variable
    words = set(re.findall(r"\w+", "\n".join(text for text in texts)))
    unused = set(spec_of(role)) - words
    assert not unused


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_modules_documentation_says_what_its_argument_spec_says(path: Path) -> None:
    module = load_module(path)
    documented = yaml.safe_load(module.DOCUMENTATION)
    assert documented["module"] == path.stem
    spec = module.ARGUMENT_SPEC
    options = documented.get("options", {})
    assert set(options) == set(spec)
    for name, option in options.items():
        for key in ("type", "required", "default", "choices", "elements"):
            assert option.get(key) == spec[name].get(key), f"{name}: {key}"
    assert yaml.safe_load(module.EXAMPLES)
    assert yaml.safe_load(module.RETURN)


@pytest.mark.parametrize("path", ACTIONS, ids=lambda path: path.stem)
def test_an_actions_documentation_has_its_name(path: Path) -> None:
    action = ROOT / "library" / "action" / path.name
    assert action.is_file() and not action.is_symlink()
    documented = load_module(path)
    assert yaml.safe_load(documented.DOCUMENTATION)["module"] == path.stem
    assert yaml.safe_load(documented.EXAMPLES) and yaml.safe_load(documented.RETURN)


@pytest.mark.parametrize("path", ACTIONS, ids=lambda path: path.stem)
def test_an_actions_documentation_has_the_options_that_it_reads(path: Path) -> None:
    text = (ROOT / "library" / "action" / path.name).read_text(encoding="utf-8")
    read = set(re.findall(r'\bargs(?:\.get\(|\[)"(\w+)"', text))
    for spec in re.findall(r"validate_argument_spec\(\s*(\{.*?\})\s*\)", text, re.DOTALL):
        read |= set(ast.literal_eval(spec))
    assert read == set(yaml.safe_load(load_module(path).DOCUMENTATION)["options"])


def test_every_variable_of_the_compose_file_is_in_the_env_file() -> None:
    from ansible.module_utils.groundwork.config.services import parse_services
    from ansible.module_utils.groundwork.env.content import Image, infra_env
    from ansible.module_utils.groundwork.env.secrets import placeholders
    from ansible.module_utils.groundwork.services import describe

    raw = load(INTERNAL.with_name("stack.yml"))["stack_services"]
    # Their passwords are Ansible's to work out
    services = parse_services({name: raw[name] | {"password": ""} for name in raw})
    images = {service.name: Image(service.image, "") for service in services}
    there = set(infra_env(services, images, placeholders(services), {}))
    for service in services:
        described = describe(service)
        wanted = {reference.strip("${}") for reference in described["env"].values()}
        # What is in the secret's file is nowhere else
        assert wanted - {described["file_variable"]} <= there


def test_every_place_that_names_the_sources_of_images_names_the_same() -> None:
    from ansible.module_utils.groundwork.docker import Docker
    from ansible.module_utils.groundwork.images import SOURCES, Setup

    named = {"images_sources": spec_of("images")["images_sources"]["choices"]}
    for path in MODULE_FILES:
        options = yaml.safe_load(load_module(path).DOCUMENTATION).get("options", {})
        if "sources" in options:
            named[path.stem] = options["sources"]["choices"]
    assert set(named) >= {"container_images", "prepared_images", "stack_info"}
    table = (ROOT / "docs" / "images.md").read_text(encoding="utf-8").split("##")[0]
    named["docs/images.md"] = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    # All, where nothing else is said; one may come twice
    named["asked"] = [name for name, _ in Setup(Docker()).ask()]
    assert {place: sorted(set(names)) for place, names in named.items()} == dict.fromkeys(
        named, sorted(SOURCES)
    )
    words = [source.words for source in SOURCES.values()]
    assert all(words) and len(set(words)) == len(words)


def test_every_kind_has_its_template_fragment_and_every_fragment_its_kind() -> None:
    from ansible.module_utils.groundwork.services import SERVICE_TYPES

    fragments = (ROOT / "roles/stack/templates/services").glob("*.yml.j2")
    assert {path.name.removesuffix(".yml.j2") for path in fragments} == set(SERVICE_TYPES)


def test_a_fragment_uses_only_variables_that_its_kind_has() -> None:
    from ansible.module_utils.groundwork.config.services import parse_services
    from ansible.module_utils.groundwork.services import SERVICE_TYPES, describe

    for kind in SERVICE_TYPES:
        further = {f"{name.lower()}_port": 2 for name in SERVICE_TYPES[kind].more_ports}
        entry = {"kind": kind, "image": "x:1", "port": 1} | further
        if kind == "container":
            entry = {"kind": kind, "image": "x:1", "ports": {"web": 1}, "health": {"tcp": "web"}}
        (service,) = parse_services({"x": entry})
        text = (ROOT / f"roles/stack/templates/services/{kind}.yml.j2").read_text()
        assert set(re.findall(r"service\.env\.(\w+)", text)) <= set(describe(service)["env"])


def test_there_is_a_version_and_a_changelog() -> None:
    about = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", about["version"])
    assert "## Unreleased" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_hooks_before_a_commit_are_the_projects_own() -> None:
    repos = load(ROOT / ".pre-commit-config.yaml")["repos"]
    assert [repo["repo"] for repo in repos] == ["local"], "nothing is downloaded"
    recipes = (ROOT / "Makefile").read_text(encoding="utf-8")
    for hook in repos[0]["hooks"]:
        assert hook["language"] == "system"
        (program,) = set(re.findall(r"\.venv/bin/[\w-]+", hook["entry"]))
        assert program in recipes
