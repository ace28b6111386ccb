"""The process that a function given on the command line is judged in: what it does to the process is then a finding."""

import gc
import os
from dataclasses import replace

from convformance.checking import loading
from convformance.checking.run import run_check
from convformance.checking.spec import CheckSpec
from convformance.checking.suggesting import NotAsked
from convformance.processes.child import Message, Tell, serve

_ALLOCATIONS = 20_000  # new objects between two searches for unreachable ones; 700 is usual


def judge(request: Message, tell: Tell) -> None:
    """Check what ``request`` asks for: the parameters of ``CheckSpec``, the function and its call as text."""
    try:
        target = loading.target_of(request["fn"])
        call = loading.call_of(request["call"], target.names) if request["call"] else None
        forward = loading.target_of(request["forward"]).function if request["forward"] else None
        findings = run_check(CheckSpec(**{**request, "fn": target.function, "call": call, "forward": forward}), tell)
    except NotAsked as error:
        tell("usage", {"data": error.data})
    except ValueError as error:
        tell("usage", {"data": {"sentence": str(error)}})
    else:
        tell("findings", replace(findings, remarks=[*target.remarks, *findings.remarks]).to_json())


if __name__ == "__main__":
    os.environ.setdefault("MPLBACKEND", "Agg")  # what a file plots shows no window, and waits for nobody
    # Our own modules stay until the end: to look through them again and again costs a tenth of a check.
    gc.collect()
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS)
    serve(judge)
