"""Where a tree's parts are, for the layouts that people have."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.migrations.layout import find_layout


def put(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def tree(directory: Path) -> Path:
    """A directory with an env.py."""
    put(directory / "env.py")
    return directory


@pytest.mark.parametrize(
    ("at", "location"),
    [
        (".", "app/db/alembic"),  # two levels above, as FastAPI's template has it
        (".", "%(here)s/app/db/alembic"),
        (".", "%(base)s/db/alembic\nbase = %(here)s/app"),
        (".", "app.db:alembic"),
        (".", "app:db/alembic"),
        ("app", "db/alembic"),
        ("app/db", "./alembic/"),
        ("app/db/alembic", "%(here)s"),
        ("app/db/alembic", "."),
    ],
)
def test_an_alembic_ini_above_the_tree_is_found(tmp_path: Path, at: str, location: str) -> None:
    directory = tree(tmp_path / "100% my app" / "app" / "db" / "alembic")
    ini = put(
        tmp_path / "100% my app" / at / "alembic.ini", f"[alembic]\nscript_location = {location}\n"
    )
    found = find_layout(directory)
    assert (found.ini, found.directory) == (ini, ini.parent)
    assert found.versions == (directory / "versions",)


def test_one_inside_the_tree_is_its_own_without_saying_so(tmp_path: Path) -> None:
    """Flask-Migrate's."""
    directory = tree(tmp_path / "migrations")
    ini = put(directory / "alembic.ini", "[alembic]\nfile_template = x\n[loggers]\nkeys = root\n")
    put(tmp_path / "alembic.ini", "[alembic]\nscript_location = other\n")
    assert find_layout(directory).ini == ini


def test_the_nearest_that_names_the_tree_counts_and_another_trees_does_not(tmp_path: Path) -> None:
    directory = tree(tmp_path / "a" / "b" / "alembic")
    put(tmp_path / "a" / "alembic.ini", "[alembic]\nscript_location = other\n")
    outer = put(tmp_path / "alembic.ini", "[alembic]\nscript_location = a/b/alembic\n")
    assert find_layout(directory).ini == outer
    inner = put(tmp_path / "a" / "b" / "alembic.ini", "[alembic]\nscript_location = alembic\n")
    assert find_layout(directory).ini == inner


def test_a_tree_behind_a_link_has_the_ini_of_where_it_is(tmp_path: Path) -> None:
    real = tree(tmp_path / "backend" / "app" / "alembic")
    ini = put(tmp_path / "backend" / "alembic.ini", "[alembic]\nscript_location = app/alembic\n")
    link = tmp_path / "here" / "alembic"
    link.parent.mkdir()
    link.symlink_to(real)
    assert find_layout(link).ini == ini


def test_a_package_in_src_gives_its_root_and_its_directories_of_versions(tmp_path: Path) -> None:
    directory = tree(tmp_path / "src" / "shop" / "migrations")
    (tmp_path / "src" / "shop" / "more").mkdir()
    (tmp_path / "lib" / "extra" / "versions").mkdir(parents=True)
    put(
        tmp_path / "alembic.ini",
        "[alembic]\nscript_location = shop:migrations\nprepend_sys_path = lib\npath_separator = ;\n"
        "version_locations = shop:migrations/versions;shop:more;extra:versions;%(here)s/v\n",
    )
    (directory / "versions").mkdir()
    found = find_layout(directory)
    assert found.package_root == tmp_path / "src"
    assert found.versions == (
        directory / "versions",
        tmp_path / "src" / "shop" / "more",
        tmp_path / "lib" / "extra" / "versions",
        tmp_path / "v",
    )


def test_a_package_that_is_not_here_is_said_to_be_lost(tmp_path: Path) -> None:
    directory = tree(tmp_path / "alembic")
    put(
        tmp_path / "alembic.ini",
        "[alembic]\nscript_location = alembic\npath_separator = ;\n"
        "version_locations = installed.app:versions\n",
    )
    found = find_layout(directory)
    assert (found.versions, found.lost) == ((), ("installed.app:versions",))


@pytest.mark.parametrize("location", ["%(here)s/app/alembic", "app:alembic", "app/alembic"])
def test_pyproject_is_found_above_with_the_ini_beside_it(tmp_path: Path, location: str) -> None:
    directory = tree(tmp_path / "app" / "alembic")
    toml = put(
        tmp_path / "pyproject.toml",
        f'[tool.alembic]\nscript_location = "{location}"\nrecursive_version_locations = true\n',
    )
    assert (find_layout(directory).ini, find_layout(directory).toml) == (None, toml)
    ini = put(tmp_path / "alembic.ini", "[loggers]\nkeys = root\n")
    found = find_layout(directory)
    assert (found.ini, found.toml, found.directory) == (ini, toml, tmp_path)
    assert found.recursive


@pytest.mark.parametrize(
    ("separator", "value", "versions"),
    [
        ("path_separator = newline\n", "a b\n  c", ["a b", "c"]),
        ("path_separator = space\n", "a b", ["a", "b"]),
        ("version_path_separator = :\n", "a:b", ["a", "b"]),
        ("path_separator = ;\nversion_path_separator = :\n", "a:x;b", ["a:x", "b"]),
        ("", "a, b c", ["a", "b", "c"]),
    ],
)
def test_lists_are_split_as_alembic_splits_them(
    tmp_path: Path, separator: str, value: str, versions: list[str]
) -> None:
    from alembic.config import Config

    directory = tree(tmp_path / "alembic")
    text = f"[alembic]\nscript_location = alembic\n{separator}version_locations = {value}\n"
    ini = put(tmp_path / "alembic.ini", text)
    found = find_layout(directory)
    assert [*(path.name for path in found.versions), *found.lost] == sorted(
        (name for name in versions), key=lambda name: (":" in name, versions.index(name))
    )
    assert Config(ini).get_version_locations_list() == versions


def test_a_given_file_is_taken_wherever_it_is(tmp_path: Path) -> None:
    directory = tree(tmp_path / "db" / "alembic")
    put(tmp_path / "db" / "alembic.ini", "[alembic]\nscript_location = alembic\n")
    text = (
        "[alembic]\nscript_location = db/alembic\nversion_locations = db/v\npath_separator = os\n"
    )
    given = put(tmp_path / "config" / "production.ini", text)
    found = find_layout(directory, given)
    assert (found.ini, found.directory) == (given, tmp_path)  # where `alembic -c config/...` is run
    assert found.versions == (tmp_path / "db" / "v",)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (None, "no such alembic.ini"),
        ("[other]\n", "says nothing of Alembic"),
        ("nonsense", "can't be read"),
        ("[alembic]\nscript_location = %(nowhere)s\n", "can't be read"),
        ("[alembic]\nscript_location = other\n", "belongs to another tree"),
        ("[alembic]\nversion_locations = a\npath_separator = x\n", "path_separator is 'x'"),
    ],
)
def test_a_given_file_that_cannot_be_used_is_refused(
    tmp_path: Path, text: str | None, what: str
) -> None:
    directory = tree(tmp_path / "alembic")
    tree(tmp_path / "other")
    given = tmp_path / "my.ini"
    if text is not None:
        put(given, text)
    with pytest.raises(GroundworkError, match=what) as caught:
        find_layout(directory, given)
    assert caught.value.next_step
