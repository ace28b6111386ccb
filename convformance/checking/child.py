"""The process that a function given on the command line is judged in: what it does to the process is then a finding, too.

It is told what to do in JSON, as its only argument, and tells what happens in lines of JSON on standard output; what the function's
file prints goes to standard error.
"""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from convformance.checking import loading
from convformance.checking.checker import run_check
from convformance.checking.result import Findings


def main() -> None:
    """Judge what the first argument asks for."""
    channel = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def tell(kind: str, what: Mapping[str, Any]) -> None:
        channel.write(json.dumps({"kind": kind, "what": what}, default=str) + "\n")
        channel.flush()

    wishes = json.loads(sys.argv[1])
    try:
        function = loading.function_of(wishes.pop("target"))
        call = wishes.pop("call")
        found = run_check(function, call=loading.call_of(call, function) if call else None, on_event=tell, **wishes)
    except ValueError as error:
        tell("usage", {"message": str(error)})
        return
    tell("found", as_json(found))


def as_json(found: Findings) -> dict[str, Any]:
    """Return the findings as JSON types."""
    diagnosed = {operation: [asdict(diagnosis) for diagnosis in held] for operation, held in found.diagnosed.items()}
    return {**vars(found), "diagnosed": diagnosed}


if __name__ == "__main__":
    main()
