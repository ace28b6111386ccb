"""How the script of a finding ended, as a verdict holds it."""

from dataclasses import dataclass

from convformance.reports.fields import Flag, Text


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptRun:
    """How a script ended that was run in a process of its own, and whether that is what it says of itself."""

    fails: Flag
    ending: Text = ""

    @property
    def text(self) -> str:
        """What came of it, in words."""
        return f"{'fails as it says' if self.fails else 'did not fail here'}: {self.ending}"
