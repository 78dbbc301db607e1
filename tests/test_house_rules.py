"""The rules of the house that a machine can hold: shape, sizes, imports, words."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted((ROOT / "reporter").rglob("*.py"))
MIGRATIONS = ROOT / "reporter" / "history" / "migrations" / "versions"
LONGEST_MODULE, LONGEST_FUNCTION, DEEPEST = 400, 40, 3
BANNED_NAMES = {"utils", "util", "helpers", "helper", "base", "manager", "managers", "common", "misc"}
NESTING = (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.Match)


def functions() -> Iterator[tuple[Path, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for module in MODULES:
        if MIGRATIONS in module.parents:
            continue
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield module, node


def lines_of_code(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The body without the docstring: text for the reader is not what makes a function long."""
    body = function.body
    if ast.get_docstring(function) is not None:
        body = body[1:]
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def depth(node: ast.AST) -> int:
    """The deepest nesting of blocks; an elif is no deeper than its if."""
    deepest = 0
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            continue
        chained = isinstance(node, ast.If) and isinstance(child, ast.If) and node.orelse == [child]
        step = 1 if isinstance(child, NESTING) and not chained else 0
        deepest = max(deepest, step + depth(child))
    return deepest


def test_no_module_is_longer_than_can_be_read_in_five_minutes() -> None:
    """400 lines at most."""
    read = [m for m in MODULES if MIGRATIONS not in m.parents]
    long = {str(m.relative_to(ROOT)): n for m in read if (n := len(m.read_text().splitlines())) > LONGEST_MODULE}
    assert long == {}


def test_no_function_is_longer_than_a_screen() -> None:
    """40 lines of code at most."""
    long = {f"{m.relative_to(ROOT)}:{f.name}": n for m, f in functions() if (n := lines_of_code(f)) > LONGEST_FUNCTION}
    assert long == {}


def test_no_function_is_nested_deeper_than_three() -> None:
    """Early answers instead of stairs."""
    deep = {f"{m.relative_to(ROOT)}:{f.name}": n for m, f in functions() if (n := depth(f)) > DEEPEST}
    assert deep == {}


def test_no_module_has_a_name_that_says_nothing() -> None:
    """No utils, helpers, base, manager or common."""
    assert [m for m in MODULES if BANNED_NAMES & {m.stem, m.parent.name}] == []


def test_every_module_says_what_it_is() -> None:
    """Each module begins with a docstring."""
    silent = [m for m in MODULES if not ast.get_docstring(ast.parse(m.read_text(encoding="utf-8")))]
    assert silent == []


def test_a_broad_except_gives_its_reason() -> None:
    """`except Exception` stands only with a reasoned noqa."""
    found = [
        f"{module.relative_to(ROOT)}: {text.strip()}"
        for module in MODULES
        for text in module.read_text(encoding="utf-8").splitlines()
        if re.search(r"except( Base| )?Exception|except:", text) and not re.search(r"noqa: .*BLE001 - \w+", text)
    ]
    assert found == []


def test_imports_keep_to_the_layers() -> None:
    """Every contract of pyproject.toml is kept, and no module stands outside them."""
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout


def test_tests_say_what_they_hold() -> None:
    """Every test states a behaviour in a sentence."""
    silent = []
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                words = (ast.get_docstring(node) or "").split()
                if len(words) < 3:
                    silent.append(f"{file.relative_to(ROOT)}:{node.name}")
    assert silent == []


def test_tests_hardly_patch_our_own_code() -> None:
    """At most five places in a hundred tests replace something by a stand-in."""
    texts = [file.read_text(encoding="utf-8") for file in (ROOT / "tests").rglob("*.py") if file != Path(__file__)]
    tests = sum(len(re.findall(r"^ *def test_", text, flags=re.MULTILINE)) for text in texts)
    patches = sum(len(re.findall(r"mock\.patch|monkeypatch\.setattr|MagicMock", text)) for text in texts)
    assert patches * 20 <= tests


def test_the_lock_file_pins_by_hash_and_names_no_host() -> None:
    """Every requirement has hashes, and everything pyproject.toml asks for is locked."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in lock
    entries = re.split(r"\n(?=[a-z0-9])", lock.strip())
    assert [entry.split("==")[0] for entry in entries if "--hash=sha256:" not in entry] == []
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [*project["dependencies"], *(name for group in project["optional-dependencies"].values() for name in group)]
    locked = {entry.split("==")[0] for entry in entries}
    missing = [name for text in asked if (name := re.split(r"[\[<>=]", text)[0]) not in locked]
    assert missing == []


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_the_program_answers_at_once(option: str) -> None:
    """Heavy libraries are imported where they are used: neither option loads them."""
    code = (
        "import sys; sys.argv = ['reporter', sys.argv[1]]\n"
        "from reporter.cli import main\n"
        "try:\n    main()\nexcept SystemExit as e:\n    code = e.code\n"
        "heavy = {'boto3', 'sqlalchemy', 'weasyprint', 'moto', 'jinja2', 'apscheduler'} & sys.modules.keys()\n"
        "assert not heavy, heavy\nassert not code, code\n"
    )
    done = subprocess.run([sys.executable, "-c", code, option], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "reporter" in done.stdout
