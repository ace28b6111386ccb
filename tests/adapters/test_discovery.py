"""From what a user writes to an adapter; every failure is one clear sentence."""

import re
import sys
from importlib import metadata
from pathlib import Path

import pytest

from convformance.adapters import discovery
from convformance.adapters.contract import MissingFramework, UsageError
from convformance.adapters.scipy import Scipy
from convformance.judging.smallest import Failure, Numbers
from convformance.reference.operation import OPERATIONS
from convformance.reference.problem import Problem
from convformance.scripts import run, script_of
from tests.adapters import checking

PAGE = Path(__file__).parents[2] / "docs" / "adapters.md"

FILE = """
from dataclasses import dataclass
from convformance.adapters.contract import Adapter, route

class First(Adapter):
    name = "first"
    options = {"mode": ("slow", "fast"), "device": ("cpu", "*")}

    @route("conv")
    def conv(self, problem, x, w):
        return x
"""
SECOND = """
class Second(First):
    name = "second"
    requires = ("no_such_framework",)

class Third(First):
    name = "third"
    def __init__(self, **mode):
        import no_such_framework

class Fourth(First):
    name = "fourth"
    def __init__(self):
        pass

class Nameless(Adapter):
    conv = First.conv

class Routeless(Adapter):
    name = "routeless"

NUMBER = 3
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "mine.py"
    file.write_text(FILE)
    return file


@pytest.fixture
def crowded(tmp_path: Path) -> Path:
    file = tmp_path / "crowded.py"
    file.write_text(FILE + SECOND)
    return file


def sentence(spec: str) -> str:
    """Return what ``create`` says against ``spec``: one line."""
    with pytest.raises(UsageError) as caught:
        discovery.create(spec)
    message = str(caught.value)
    assert "\n" not in message
    return message


def example(class_name: str) -> str:
    """Return the example of the documentation that declares that class."""
    sources = re.findall(r"```python\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
    (source,) = (source for source in sources if f"class {class_name}(" in source)
    return source


def test_a_name_is_loaded_without_importing_its_framework() -> None:
    selection = discovery.load("scipy")
    assert selection == discovery.Selection(Scipy, {}, "scipy")
    assert isinstance(discovery.create("scipy"), Scipy)


def test_the_example_of_the_documentation_is_a_faithful_adapter_of_under_25_lines(tmp_path: Path) -> None:
    source = example("Windows")
    assert len(source.splitlines()) < 25
    file = tmp_path / "windows.py"
    file.write_text(source)
    adapter = discovery.create(str(file))
    (route,) = adapter.routes()
    refused = {name for name, p in checking.PROBLEMS.items() if p.groups > 1 or min(map(min, p.padding)) < 0}
    message = (
        "refused: outside the domain of the route tensordot of windows: one group; no negative padding; "
        "floating-point numbers; no bias; an ordinary convolution"
    )
    assert checking.outcomes(adapter, route, "float64", "sliced") == dict.fromkeys(refused, message)
    assert checking.outcome(adapter, route, checking.EMPTY["empty-output"]).startswith(
        "refused: window shape cannot be larger"
    )


@pytest.mark.parametrize(
    ("right", "mistake"),
    [
        ("windows, w,", "windows, np.flip(w, 2),"),
        ("return np.moveaxis", "w[...] = 0; return np.moveaxis"),
        ("np.tensordot(", "2 * np.tensordot("),
    ],
)
def test_a_mistake_in_the_example_is_seen(tmp_path: Path, right: str, mistake: str) -> None:
    source = example("Windows")
    assert right in source
    file = tmp_path / "mistaken.py"
    file.write_text(source.replace(right, mistake))
    adapter = discovery.create(str(file))
    assert checking.outcome(adapter, adapter.routes()[0], checking.PROBLEMS["plain"]).startswith("wrong: ")


@pytest.mark.parametrize(
    ("name", "lines", "operations"),
    [
        ("Lax", 25, {"conv", "conv_input_grad", "conv_filter_grad"}),
        ("LaxText", 25, {"conv", "conv_input_grad", "conv_filter_grad"}),
        ("Evaluator", 15, {*OPERATIONS} - {"conv_bias_grad"}),
        ("Compiled", 25, {"conv"}),
    ],
)
def test_the_examples_on_base_classes_are_short_and_right(
    tmp_path: Path, name: str, lines: int, operations: set[str]
) -> None:
    source = example(name)
    assert len(source.splitlines()) <= lines
    file = tmp_path / "mine.py"
    file.write_text(source)
    try:
        adapter = discovery.create(str(file))
    except MissingFramework as missing:
        pytest.skip(str(missing))
    assert {route.operation for route in adapter.routes()} == operations
    for route in filter(checking.is_ordinary, adapter.routes()):
        for problem in ("line-stride-dilation", "asymmetric-stride"):
            assert checking.outcome(adapter, route, checking.PROBLEMS[problem]) == "exact"


def test_the_template_of_the_documentation_writes_what_its_route_does(tmp_path: Path) -> None:
    file = tmp_path / "signals.py"
    file.write_text(example("Signal"))
    adapter = discovery.create(str(file))
    (route,) = adapter.routes()
    problem = Problem.of(input_size=(3, 2), kernel_size=2, batch=2, in_channels=2, padding=((1, 0), (0, 2)))
    assert checking.outcome(adapter, route, problem) == "exact"
    arrays = checking.operands("conv", problem, "float32")
    want = adapter.answer(route, problem, arrays).value
    for answer, wanted in ((want + 1, want), (want, want + 1)):
        failed = Failure("conv", problem, Numbers(arrays), answer, "", wanted)
        text = script_of(adapter, route, failed, case_id="documented", dtype="float32", message="an example")
        assert text is not None
        assert "y = signal.correlate(np.pad(x, ((0, 0), (0, 0), *((1, 0), (0, 2)))), w, 'valid')\n" in text
        assert run(text, timeout=60).diverges == (wanted is not want)


def test_a_file_with_one_adapter_needs_no_class_name(path: Path, crowded: Path) -> None:
    assert discovery.load(str(path)).label == "first"
    assert discovery.load(f"{crowded}:First").label == "first"
    assert re.search(r"holds 6 adapters \(First, Second, .*\); allowed: exactly one", sentence(str(crowded)))


def test_a_file_is_run_once(path: Path) -> None:
    assert discovery.load(str(path)).adapter_class is discovery.load(f"{path}:First").adapter_class


def test_a_file_may_import_what_lies_beside_it_and_hides_nothing(tmp_path: Path) -> None:
    (tmp_path / "helper_beside.py").write_text("NAME = 'from-beside'")
    (tmp_path / "json.py").write_text("raise ValueError")
    (tmp_path / "mine.py").write_text(
        FILE.replace('"first"', "helper_beside.NAME").replace("from data", "import helper_beside, json\nfrom data")
    )
    assert discovery.load(str(tmp_path / "mine.py")).label == "from-beside"


def test_a_module_is_named_with_its_class() -> None:
    assert discovery.load("convformance.adapters.scipy:Scipy").adapter_class is Scipy


def test_an_entry_point_is_a_name(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(path.parent)
    entries = metadata.EntryPoints([metadata.EntryPoint("ours", "mine:First", discovery.GROUP)])
    monkeypatch.setattr(metadata, "entry_points", lambda group: entries.select(group=group))
    assert discovery.load("ours[mode=fast]").label == "first[mode=fast]"
    assert "ours" in sentence("our")
    assert "ours" in [entry.name for entry in discovery.available()]
    sys.modules.pop("mine")


@pytest.mark.parametrize(
    ("options", "label"),
    [
        ("", "first"),
        ("[]", "first"),
        ("[mode=slow]", "first"),
        ("[mode=fast]", "first[mode=fast]"),
        ("[device=cuda:1, mode=fast]", "first[mode=fast,device=cuda:1]"),
        ("[device=cpu]", "first"),
    ],
)
def test_the_label_tells_what_differs_from_the_defaults(path: Path, options: str, label: str) -> None:
    selection = discovery.load(f"{path}:First{options}")
    assert selection.label == label
    assert set(selection.mode) == {"mode", "device"}
    assert discovery.create(f"{path}{options}").mode == selection.mode


def test_an_unknown_name_gets_the_known_ones_and_the_nearest() -> None:
    message = sentence("scippy")
    names = ", ".join(sorted(discovery.BUILT_IN))
    assert message.startswith(f"adapter 'scippy' is unknown; allowed: {names}, FILE.py:CLASS")
    assert message.endswith("did you mean scipy?")
    assert "did you mean" not in sentence("nosuch")


@pytest.mark.parametrize("spec", ["", "scipy[", "[mode=fast]", "scipy[a=b]c"])
def test_what_cannot_be_read_is_said_with_the_grammar(spec: str) -> None:
    assert sentence(spec).startswith(f"adapter {spec!r} cannot be read; allowed: NAME, FILE.py:CLASS or MODULE:CLASS")


def test_a_bad_option_is_named_with_what_is_allowed(path: Path) -> None:
    assert sentence(f"{path}[fast]").endswith("the option 'fast' cannot be read; allowed: key=value")
    assert sentence(f"{path}[mode=quick]") == "adapter first: mode='quick' is unknown; allowed: slow, fast"
    assert sentence(f"{path}[speed=1]") == "adapter first has no option 'speed'; allowed: mode, device, calls"


def test_a_file_or_class_that_is_not_there_is_named(path: Path, tmp_path: Path) -> None:
    assert sentence(f"{tmp_path}/nosuch.py:Mine") == f"adapter file {tmp_path}/nosuch.py does not exist"
    assert sentence(f"{path}:Nosuch") == f"{path} has no class 'Nosuch'; adapters in it: First"


@pytest.mark.parametrize(
    ("class_name", "message"),
    [
        ("NUMBER", "is no adapter; allowed: a subclass of"),
        ("dataclass", "is no adapter; allowed: a subclass of"),
        ("Nameless", "has no name; allowed: a class attribute"),
        ("Routeless", "has no route; allowed: at least one method"),
        ("Fourth", "adapter fourth cannot be made: TypeError: "),
    ],
)
def test_a_class_that_is_no_complete_adapter_is_refused(crowded: Path, class_name: str, message: str) -> None:
    assert message in sentence(f"{crowded}:{class_name}")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            "x = 1\nraise ValueError('two\\nlines')\n",
            r"cannot be imported: ValueError: two lines \(.*broken\.py, line 2\)$",
        ),
        ("import no_such_thing\n", r"ModuleNotFoundError: No module named 'no_such_thing' \(.*broken\.py, line 1\)$"),
        ("import json\n\njson.loads('{')\n", r"JSONDecodeError: .* \(.*broken\.py, line 3\)$"),
        ("def f(:\n", r"SyntaxError: invalid syntax \(.*broken\.py, line 1\)$"),
        ("raise SystemExit(3)\n", r"SystemExit: 3 \(.*broken\.py, line 1\)$"),
    ],
)
def test_a_file_that_raises_is_told_with_its_exception_and_line(tmp_path: Path, source: str, message: str) -> None:
    file = tmp_path / "broken.py"
    file.write_text(source)
    assert re.search(message, sentence(f"{file}:Mine"))
    assert not [name for name in sys.modules if name.startswith("convformance_adapter_broken")]


def test_a_module_that_cannot_be_imported_is_told() -> None:
    message = sentence("no_such_package.part:Mine")
    reason = "ModuleNotFoundError: No module named 'no_such_package'"
    assert message == f"adapter module no_such_package.part cannot be imported: {reason}"


def test_a_missing_framework_is_its_own_kind_of_error(crowded: Path) -> None:
    with pytest.raises(
        MissingFramework, match="adapter second needs no_such_framework, not installed here: pip install no_such"
    ):
        discovery.load(f"{crowded}:Second")
    with pytest.raises(
        MissingFramework, match="adapter third: its framework cannot be imported: ModuleNotFoundError: No module"
    ):
        discovery.create(f"{crowded}:Third")


def test_a_missing_framework_of_a_built_in_adapter_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Scipy, "requires", ("no_such_scipy",))
    assert sentence("scipy") == "adapter scipy needs no_such_scipy, not installed here: pip install convformance[scipy]"
    (listed,) = [entry for entry in discovery.available() if entry.name == "scipy"]
    assert not listed.installed
    assert listed.reason == sentence("scipy")


def test_what_is_available_is_listed_with_its_version() -> None:
    entries = {entry.name: entry for entry in discovery.available()}
    assert set(discovery.BUILT_IN) <= set(entries)
    assert entries["scipy"] == ("scipy", True, metadata.version("scipy"), "")


def test_a_broken_entry_point_does_not_hide_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = metadata.EntryPoints([metadata.EntryPoint("broken", "no_such_module:Mine", discovery.GROUP)])
    monkeypatch.setattr(metadata, "entry_points", lambda group: entries.select(group=group))
    listed = {entry.name: entry for entry in discovery.available()}
    assert listed["broken"].installed is False
    assert "No module named 'no_such_module'" in listed["broken"].reason
    assert listed["scipy"].installed
