"""What stands in two places says the same in both."""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import tomllib
import yaml

ROOT = Path(__file__).resolve().parents[2]
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir() if path.is_dir())
_MODULES = sorted((ROOT / "library" / "modules").glob("*.py"))
# An action's documentation is a module of its name, which has nothing else
MODULES = [path for path in _MODULES if "\ndef run(" in path.read_text(encoding="utf-8")]
ACTIONS = [path for path in _MODULES if path not in MODULES]
# The tests' own stack.yml: a person may change theirs
INTERNAL = ROOT / "tests" / "group_vars" / "all" / "internal.yml"


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}


def spec_of(role: str) -> dict[str, Any]:
    spec = load(ROOT / "roles" / role / "meta" / "argument_specs.yml")
    return spec["argument_specs"]["main"]["options"]


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
    texts.append((ROOT / "library" / "action" / "preflight.py").read_text(encoding="utf-8"))
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


def test_every_kind_has_its_template_fragment_and_every_fragment_its_kind() -> None:
    from ansible.module_utils.groundwork.services import SERVICE_TYPES

    fragments = (ROOT / "roles/stack/templates/services").glob("*.yml.j2")
    assert {path.name.removesuffix(".yml.j2") for path in fragments} == set(SERVICE_TYPES)


def test_a_fragment_uses_only_variables_that_its_kind_has() -> None:
    from ansible.module_utils.groundwork.config.services import parse_services
    from ansible.module_utils.groundwork.services import SERVICE_TYPES, describe

    for kind in SERVICE_TYPES:
        further = {f"{name.lower()}_port": 2 for name in SERVICE_TYPES[kind].more_ports}
        (service,) = parse_services({"x": {"kind": kind, "image": "x:1", "port": 1} | further})
        text = (ROOT / f"roles/stack/templates/services/{kind}.yml.j2").read_text()
        assert set(re.findall(r"service\.env\.(\w+)", text)) <= set(describe(service)["env"])


def documents() -> list[Path]:
    directories = (
        ROOT,
        *(path for path in ROOT.iterdir() if path.is_dir() and path.name[0] != "."),
    )
    return [
        path
        for directory in directories
        for path in sorted(directory.glob("*.md") if directory == ROOT else directory.rglob("*.md"))
    ]


def anchors(path: Path) -> set[str]:
    """The places in a page that a link can name, as code forges make them of its headings."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_what_the_docs_name_exists(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    known = {name for role in ROLES for name in spec_of(role)}
    known |= set(load(INTERNAL)) | set(load(INTERNAL.with_name("stack.yml")))
    named = set(re.findall(rf"(?<!\.)\b(?:{'|'.join(ROLES)})_[a-z_]+\b", text))
    files = {path.stem for path in (ROOT / "roles").rglob("*.yml")} | {p.stem for p in _MODULES}
    assert not named - known - files - set(ROLES)
    for playbook in re.findall(r"playbooks/\w+\.yml", text):
        assert (ROOT / playbook).exists(), playbook
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    typed = re.findall(
        r"`make ([a-z][a-z ]*)[`$]|^ *make ([a-z][a-z ]*?)(?: *#| *$| [A-Z])", text, re.M
    )
    words = {word for pair in typed for line in pair for word in line.split()}
    assert words <= targets
    for tool in re.findall(r"\btools/[\w.]+\b", text):
        assert (ROOT / tool).exists(), tool


def test_no_file_is_longer_than_300_lines() -> None:
    long = [
        str(path.relative_to(ROOT))
        for top in ("library", "roles", "playbooks", "inventory", "images", "alembic", "tools")
        for path in (ROOT / top).rglob("*")
        if path.suffix in (".py", ".yml", ".j2", ".sh") and len(path.read_text().splitlines()) > 300
    ]
    assert not long


def test_no_function_is_longer_than_60_lines() -> None:
    directories = ("library", "tools", "alembic", "images/qdrant/gateway")
    long = [
        f"{path.relative_to(ROOT)}: {node.name}"
        for directory in directories
        for path in (ROOT / directory).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        if (node.end_lineno or 0) - node.lineno >= 60
    ]
    assert not long


LOCKS = [
    *ROOT.glob("requirements*.txt"),
    *(
        path
        for top in ("images", "roles", "tools")
        for path in (ROOT / top).rglob("requirements*.txt")
    ),
]


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_lock_file_names_no_address_and_no_directory_of_a_machine(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "--hash=sha256:" in text
    assert "://" not in text
    assert not re.search(r"(^|\s)/\w", text)


def locked(name: str) -> set[str]:
    """Each requirement of a locked file, with its version and condition."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return set(re.findall(r"^([\w.-]+==[^ ]+)", text, re.MULTILINE))


def test_the_two_sets_agree_on_versions() -> None:
    runs, tests = locked("requirements.txt"), locked("requirements-dev.txt")
    names = {entry.partition("==")[0] for entry in runs}
    assert {entry for entry in tests if entry.partition("==")[0] in names} <= runs


def test_what_runs_imports_only_what_is_installed_for_it() -> None:
    """The set that `make dev` installs is whole: nothing comes from the tests' set by accident."""
    files = [
        *(ROOT / "library").rglob("*.py"),
        *(ROOT / "alembic").rglob("*.py"),
        # Run by hand, with what tests it: kill_*.py and recording.py
        *(
            path
            for path in (ROOT / "tools").glob("*.py")
            if not path.name.startswith(("kill_", "rec"))
        ),
    ]
    own = {path.stem for path in files} | {"groundwork"} | set(sys.stdlib_module_names)
    imported = {
        name.partition(".")[0]
        for path in files
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom) and not node.level
            else []
        )
    }
    wheels = importlib.metadata.packages_distributions()
    runs = {entry.partition("==")[0] for entry in locked("requirements.txt")}
    needs = {name: wheels.get(name, [name]) for name in imported - own - {"tomli"}}
    assert {"ansible", "psycopg", "sqlalchemy"} <= set(needs)
    assert not {
        name for name, packages in needs.items() if not {p.lower() for p in packages} & runs
    }


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
