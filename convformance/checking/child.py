"""The process that a function given on the command line is judged in: what it does to the process is then a finding."""

from convformance.checking import loading
from convformance.checking.run import run_check
from convformance.checking.spec import CheckSpec
from convformance.checking.usage import UncallableError
from convformance.processes.child import Message, Tell, serve


def judge(request: Message, tell: Tell) -> None:
    """Check what ``request`` asks for: the parameters of ``CheckSpec``, the function and its call as text."""
    try:
        function = loading.function_of(request["fn"])
        call = loading.call_of(request["call"], function) if request["call"] else None
        findings = run_check(CheckSpec(**{**request, "fn": function, "call": call}), tell)
    except UncallableError as error:
        data = {"sentence": error.sentence, "errors": error.errors, "causes": error.causes, "options": error.options}
        tell("usage", {"message": str(error), "data": data})
    except ValueError as error:
        tell("usage", {"message": str(error)})
    else:
        tell("findings", findings.to_json())


if __name__ == "__main__":
    serve(judge)
