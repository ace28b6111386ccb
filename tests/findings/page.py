"""docs/findings.md, written from what is known to diverge and the scripts that show it."""

from collections.abc import Iterator
from itertools import groupby

from convformance.adapters.contract import Adapter
from tests.arguments.asking import table_of
from tests.findings.catalogue import FOLDER, LONGEST, PAGE, Entry, entries

_INTRODUCTION = """\
# What was found

The divergences of the frameworks that this suite is tested with, in {versions},
on the CPU. Each was seen in a run and looked at. In reports they are known, with their counts, and no findings; one
that always diverges and no longer does fails a standard run.

{count}

Under each stands what is so, why as far as that is known, and

- **where**: the condition under which it shows;
- **machines**: the kinds of machines that it shows on. Seen were x86-64 with AVX-512 and bfloat16, and the same kept
  from the instruction sets beyond AVX-512 or AVX2, and from oneDNN, by environment variables;
- **since**: the first version that it was seen in, which says nothing of those before;
- **script**: the framework's own call with the smallest operands that show it, at most {longest} lines. A test runs
  each and sees it end as it says. It needs the framework and NumPy, and nothing of this suite.

Nothing here was sent to anybody: *related* is a discussion that was there before, of the same or of something near.
`convformance issue --cause N` writes the text for a tracker from the record of a run. `convformance adapters --known`
prints all of this as a table, `python -m tests.findings` writes this page, and a test keeps it current.
"""
_ARGUMENTS = """\
## Arguments without a meaning, or that few take

The family `refusals` asks each framework's own calls, internal operators included, what no convolution has. Of so many
questions each was refused, answered rightly where the arguments have a meaning, silently accepted with another result
or where there is no meaning, ended in the death of the process, or was never answered. On x86-64 with AVX-512 and
bfloat16, in the versions above; `python -m tests.arguments` writes the table, and a test runs it again. What is neither
refused nor right is in the lists below, under the names that begin with `raw-`.
"""


def write() -> None:
    """Write the page; the table of raw arguments stays as it is."""
    PAGE.write_text(text(table_of(PAGE.read_text(encoding="utf-8"))), encoding="utf-8")


def text(arguments: list[str]) -> str:
    """Return the page, with that table of what becomes of raw arguments."""
    every = entries()
    versions = [f"{adapter.name} {adapter.looked_at}" for adapter in dict.fromkeys(entry.adapter for entry in every)]
    listed = f"{', '.join(versions[:-1])} and {versions[-1]}"
    lines = [_INTRODUCTION.format(versions=listed, count=count(every), longest=LONGEST), _ARGUMENTS, *arguments]
    for adapter, group in groupby(every, key=lambda entry: entry.adapter):
        lines += ["", *_adapter(adapter, list(group))]
    return "\n".join(lines) + "\n"


def count(every: list[Entry] | None = None) -> str:
    """Return how many divergences there are, how many reasons, and how many scripts show them."""
    every = entries() if every is None else every
    reasons = {(entry.adapter.name, entry.divergence.reason) for entry in every}
    shown = [entry for entry in every if entry.script is not None]
    of_numbers = [entry for entry in every if not entry.divergence.raw]
    parts = ", ".join(
        f"{sum(entry.adapter is adapter for entry in every)} of {adapter.name}"
        for adapter in dict.fromkeys(entry.adapter for entry in every)
    )
    return (
        f"There are {len(every)} divergences: {parts}. They have {len(reasons)} distinct reasons.\n"
        f"{len(of_numbers)} are about answers to convolutions, the others about arguments without a meaning.\n"
        f"{len(shown)} have a script."
    )


def _adapter(adapter: type[Adapter], group: list[Entry]) -> Iterator[str]:
    yield f"## {adapter.name}"
    for entry in group:
        yield from ("", *_entry(entry))


def _entry(entry: Entry) -> Iterator[str]:
    divergence = entry.divergence
    yield f"### {divergence.name}"
    yield ""
    yield divergence.reason
    yield ""
    routes = [route.removeprefix("raw.") for route in divergence.routes]
    calls = f", by {', '.join(f'`{route}`' for route in routes)}" if routes else ""
    modes = "".join(f"; {option}={value}" for option, value in divergence.modes.items())
    yield f"- where: {divergence.covers}{calls}{modes}"
    yield f"- what comes: {', '.join(divergence.grades)}{'' if divergence.always else ', not every time'}"
    yield f"- machines: {divergence.machines.covers or 'all'}"
    first, end = divergence.versions or ("", None)
    yield f"- since: {first or 'all that were asked'}{f', until {end}' if end else ''}"
    if divergence.link:
        yield f"- related: <{divergence.link}>"
    yield f"- script: {_script(entry)}"


def _script(entry: Entry) -> str:
    text = entry.script
    if text is None:
        return f"none; {entry.why_none or 'it was not found small enough to be written down'}"
    ends = next(line for line in reversed(text.splitlines()) if line.startswith("# It ends"))
    ending = ends.removeprefix("# It ").partition(" as long as")[0]
    return f"[{entry.name}.py]({FOLDER.name}/{entry.name}.py) {ending}"
