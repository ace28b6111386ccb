"""The command line: run, ci, report, check, adapters, cases, causes, issue, reproduce, export, history and the others.

Exit status: 0 all conformant or known, 1 findings, 2 usage, 3 the run itself broke.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from convformance import __version__, cli_findings, options
from convformance.cli_findings import print_lines
from convformance.history import parser as history
from convformance.running import launch
from convformance.running.launch import BROKEN, USAGE


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; usage errors are one sentence on standard error and exit status 2."""
    parsed, rest = _parser().parse_known_args(arguments)
    if rest and parsed.command not in (_run, _ci, _judge):
        _parser().error(f"unrecognized arguments: {' '.join(rest)}")
    parsed.rest = rest
    command: Callable[[argparse.Namespace], int] = parsed.command
    try:
        return command(parsed)
    except KeyboardInterrupt:
        print(
            "convformance: interrupted; what was judged is in the record, and --resume goes on with it", file=sys.stderr
        )
        return BROKEN
    except _errors_of_usage() as error:
        print(f"convformance: {error}", file=sys.stderr)
        return USAGE


def _errors_of_usage() -> tuple[type[Exception], ...]:
    """Return what is said in one sentence; it is imported only where something was raised, as it brings NumPy."""
    from convformance.adapters.contract import UsageError
    from convformance.reports.record import RecordError

    return UsageError, RecordError, ValueError, OSError


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="convformance", description="Is this convolution right? Judged against a NumPy reference."
    )
    parser.add_argument("--version", action="version", version=f"convformance {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for declare in (
        _declare_run,
        _declare_ci,
        _declare_report,
        _declare_check,
        _declare_explain,
        _declare_adapters,
        _declare_cases,
        cli_findings.declare,
        _declare_export,
        _declare_judge,
        _declare_smoke,
        history.declare,
    ):
        declare(commands)
    return parser


def _declare_run(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    run = commands.add_parser("run", help="ask, judge, and write the report; further arguments go to pytest")
    options.declare(run.add_argument)
    _declare_running(run)
    run.add_argument(
        "--update-expected",
        action="store_true",
        help="let the file of --expected (default: conformance.toml) expect what is found, and exit with 0",
    )
    run.set_defaults(command=_run)


def _declare_running(run: argparse.ArgumentParser) -> None:
    """Declare what every command that asks has beside the options of a run."""
    run.add_argument("-n", dest="workers", default="auto", metavar="N", help="worker processes (default: one a core)")
    run.add_argument(
        "--out", type=Path, default=Path("out"), metavar="DIR", help="folder of record and report (default: out)"
    )
    run.add_argument("--name", default="run", help="name of the record in it, for runs to be merged (default: run)")
    run.add_argument("--merge", action="store_true", help="report every record in the folder, not only this run's")
    run.add_argument(
        "--timeout", type=float, default=options.TIME_LIMIT, metavar="S", help="seconds a question may take"
    )


def _run(parsed: argparse.Namespace) -> int:
    parsed.record = parsed.record or parsed.out / f"{parsed.name}.jsonl"
    update = (parsed.expected or Path("conformance.toml")) if parsed.update_expected else None
    if update is not None:
        parsed.expected = update if update.exists() else None
    run_options = options.RunOptions.of(parsed)
    return launch.run(
        run_options, workers=parsed.workers, out=parsed.out, merge=parsed.merge, update=update, rest=parsed.rest
    )


def _declare_ci(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    ci = commands.add_parser("ci", help="run as a job of continuous integration: run, and tell the job's page")
    options.declare(ci.add_argument)
    _declare_running(ci)
    ci.set_defaults(command=_ci, update_expected=False)


def _ci(parsed: argparse.Namespace) -> int:
    from convformance.running import ci

    status = _run(parsed)
    if status != USAGE:
        ci.publish(parsed.record, parsed.out / "summary.md", expected=parsed.expected)
    return status


def _declare_report(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    report = commands.add_parser("report", help="write the report of one or more run records")
    report.add_argument(
        "records", nargs="+", type=Path, metavar="RECORD", help="run records (JSON Lines); several merge"
    )
    report.add_argument(
        "--baseline", nargs="+", type=Path, metavar="RECORD", help="records of an earlier run to compare with"
    )
    report.add_argument(
        "-o", "--output", type=Path, default=Path("report.html"), help="the HTML file (default: report.html)"
    )
    formats = {
        "markdown": "write a Markdown summary there as well",
        "junit": "write JUnit XML there",
        "ctrf": "write CTRF JSON there",
        "badge": "write a badge there: SVG, or the JSON of a shields.io endpoint where the name ends in .json",
        "versions": "write a Markdown page there that compares the versions of each framework",
    }
    for name, text in formats.items():
        report.add_argument(f"--{name}", type=Path, metavar="FILE", help=text)
    report.add_argument("--open", action="store_true", help="show the HTML file in a browser")
    report.set_defaults(command=_report)


def _report(parsed: argparse.Namespace) -> int:
    outputs = {
        "html": parsed.output,
        **{name: getattr(parsed, name) for name in ("markdown", "junit", "ctrf", "badge", "versions")},
    }
    status = launch.report(parsed.records, outputs, baseline=parsed.baseline, show=print_lines)
    if parsed.open:
        _open(parsed.output)
    return status


def _open(page: Path) -> None:
    """Show ``page`` in a browser, or say where it is."""
    import webbrowser

    if not webbrowser.open(page.resolve().as_uri()):
        print(f"convformance: no browser could be started; the page is {page}", file=sys.stderr)


def _declare_check(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    check = commands.add_parser(
        "check", help="judge one function: is it a right convolution, and if not, what is wrong"
    )
    check.add_argument("target", metavar="FILE.py:FUNCTION")
    check.add_argument("--op", help="what it computes: conv, conv_input_grad, ... (default: by its name, else conv)")
    check.add_argument(
        "--layout", help="its axes: N, C, D, H, W in its order, some left out (default: by its source, else NCHW)"
    )
    check.add_argument(
        "--filter-layout",
        metavar="LAYOUT",
        help="O, I, D, H, W, or C and M for O and I (default: OIHW; HW where the layout has no C)",
    )
    check.add_argument(
        "--dtype", default="float64", help="of its arrays; uint8, int32, ... of its images (default: float64)"
    )
    check.add_argument(
        "--padding", help="what it builds in: same, valid, full, causal, a number, or the border of a SAME padding"
    )
    check.add_argument(
        "--fixed", action="append", default=[], metavar="NAME=VALUE", help="a value it builds in, or is given"
    )
    check.add_argument(
        "--returns", metavar="A,B", help="the operations of its results in order, - for one that is not judged"
    )
    check.add_argument(
        "--grade", default="norm-wise", help="the weakest grade that is right: conformant where no FFT is meant"
    )
    check.add_argument("--strict", action="store_true", help="let what it refuses be a finding")
    check.add_argument("--empty", action="store_true", help="ask for results without elements, too")
    check.add_argument("--seconds", type=float, default=4.0, help="time for all questions (default: %(default)g)")
    check.add_argument("--html", type=Path, metavar="FILE", help="write the result there as a page")
    _declare_call(check)
    _declare_images_and_filters(check)
    check.add_argument("--json", action="store_true", help="print the result as JSON (docs/check.schema.json)")
    check.set_defaults(command=_check)


def _declare_call(check: argparse.ArgumentParser) -> None:
    """Declare how a function is called, and with whose arrays."""
    check.add_argument("--call", metavar="LAMBDA", help="how to call it: 'lambda fn, x, w, problem: ...'")
    check.add_argument(
        "--forward", metavar="FILE.py:FUNCTION", help="the forward pass that makes the cache of a backward pass"
    )
    check.add_argument(
        "--arrays", default="auto", help="what it takes: numpy, torch, jax, tensorflow, cupy (default: found out)"
    )
    check.add_argument("--device", help="where these arrays lie, as their library names it (default: its own choice)")


def _declare_images_and_filters(check: argparse.ArgumentParser) -> None:
    """Declare what a function may have beside its layouts: a border, depthwise filters, a kernel built in, integers."""
    check.add_argument("--border", help="what lies in the padding: zero, edge, reflect, symmetric or wrap")
    check.add_argument("--depthwise", action="store_true", help="its filters are one kernel, or M, for each channel")
    check.add_argument(
        "--weights", metavar="NUMBERS", help="the kernel that it has built in: [[1, 0, -1], ...] or a file.npy"
    )
    check.add_argument("--kernel-dtype", default="float64", help="of the kernel of integer images (default: float64)")
    check.add_argument(
        "--rounding",
        metavar="RULE",
        help="what integer images do with other sums: clip, wrap, truncate, half-even, ...",
    )


def _check(parsed: argparse.Namespace) -> int:
    from convformance.checking import command

    return command.run(parsed)


def _declare_explain(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "explain",
        help="explain one answer that you have in files: is its difference rounding, and if not, what is it",
        description="Is the difference between this answer and the convolution of these operands rounding? If not, "
        "which mistake gives just this answer, or where do the errors lie? Exit status: 0 rounding, 1 not, 2 usage.",
    )
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="the operands in order and then the answer: x, w, y for conv; dy, w, dx for conv_input_grad; x, dy, dw for"
        " conv_filter_grad; dy, db for conv_bias_grad. Formats: .npy, .npz, .safetensors, .pt; FILE:NAME names an array"
        " of several. Or one file that holds all arrays under these names",
    )
    _declare_answer_options(parser)
    parser.add_argument(
        "--against", metavar="FILE", help="a second answer to the same operands: why do the two differ?"
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.set_defaults(command=_explain)


def _declare_answer_options(parser: argparse.ArgumentParser) -> None:
    """Declare what is stated of an answer beside its arrays."""
    options_of_text = {
        "bias": ("FILE", None, "the bias that was added"),
        "stride": ("N", "1", "a number, or one for each axis: 2,1 (default: 1)"),
        "padding": (
            "PADDING",
            "0",
            "a number, one an axis, pairs '(0,1),(1,1)', same, valid or full (default: 0)",
        ),
        "dilation": ("N", "1", "a number, or one for each axis (default: 1)"),
        "size": ("N", None, "spatial size of dx, dw or a transposed y, where it is not the answer's own"),
        "layout": (
            "LAYOUT",
            None,
            "axes of x, dy, y: N, C, D, H, W in their order (default: NCHW, for as many axes)",
        ),
        "filter-layout": ("LAYOUT", None, "axes of w: O, I, D, H, W in their order (default: OIHW)"),
        "dtype": ("DTYPE", None, "of the answer, where its file has a wider one (default: that of the file)"),
        "accumulator": ("DTYPE", None, "what sums are kept in (default: float64 for float64, else float32)"),
        "inputs": ("FORMAT", None, "what operands may be rounded to first: tfloat32, bfloat16, float16"),
        "grade": (
            "GRADE",
            None,
            "the weakest right one: conformant, componentwise, norm-wise (default: any)",
        ),
    }
    parser.add_argument(
        "--op", default="conv", help="what the answer is of: conv, conv_input_grad, ... (default: conv)"
    )
    for name, (metavar, default, text) in options_of_text.items():
        parser.add_argument(f"--{name}", metavar=metavar, default=default, help=text)
    parser.add_argument("--groups", type=int, default=1, metavar="N", help="groups of channels (default: 1)")


def _explain(parsed: argparse.Namespace) -> int:
    from convformance.answers import command

    return command.run(parsed)


def _declare_adapters(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    adapters = commands.add_parser("adapters", help="what is here, in which version, and what is missing")
    adapters.add_argument("--routes", action="store_true", help="list the routes of each operation as well")
    adapters.add_argument(
        "--known", action="store_true", help="print the known divergences, as Markdown, in place of the list"
    )
    adapters.set_defaults(command=_adapters)


def _adapters(parsed: argparse.Namespace) -> int:
    from convformance import listing

    return print_lines(listing.known() if parsed.known else listing.adapters(routes=parsed.routes))


def _declare_cases(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    cases = commands.add_parser("cases", help="what is asked, and why")
    cases.add_argument("--tier", choices=(*options.TIERS, options.HUGE), default="standard")
    cases.add_argument("--family", action="append", default=[], help="only this family; may be repeated")
    cases.add_argument(
        "--case", action="append", default=[], help="only cases whose id holds this text; may be repeated"
    )
    cases.add_argument("--coverage", action="store_true", help="how many combinations of features the tier asks")
    cases.set_defaults(command=_cases)


def _cases(parsed: argparse.Namespace) -> int:
    from convformance import listing

    if parsed.coverage:
        return print_lines(listing.coverage_of(parsed.tier))
    return print_lines(listing.cases(parsed.tier, tuple(parsed.family), tuple(parsed.case)))


def _declare_export(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    export = commands.add_parser("export", help="write questions as files, to be answered where nothing can be asked")
    export.add_argument("folder", type=Path, metavar="DIR", help="where; its README.md says how they are answered")
    options.declare_scope(export.add_argument, tier="smoke", filters=("op", "dtype", "family", "case"))
    export.set_defaults(command=_export, adapter=(), record=None, resume=False, memory=None, compile_cache=None)


def _export(parsed: argparse.Namespace) -> int:
    from convformance.exchange import command

    return command.run_export(parsed)


def _declare_judge(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    judge = commands.add_parser("judge", help="judge the answers that were laid beside exported questions")
    judge.add_argument("folder", type=Path, metavar="DIR", help="the folder that export wrote")
    judge.add_argument("--answers", type=Path, metavar="DIR", help="where the answers lie (default: DIR/answers)")
    options.declare(judge.add_argument)
    _declare_running(judge)
    judge.set_defaults(command=_judge)


def _judge(parsed: argparse.Namespace) -> int:
    from convformance.exchange import command

    return command.run_judge(parsed)


def _declare_smoke(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    smoke = commands.add_parser("smoke", help="try a new harness step by step, and say what is wrong with it")
    smoke.add_argument("spec", metavar="exec:COMMAND", help="the program, as --adapter names it (docs/protocol.md)")
    smoke.add_argument("--seconds", type=float, default=10.0, metavar="S", help="for each answer (default: 10)")
    smoke.set_defaults(command=_smoke)


def _smoke(parsed: argparse.Namespace) -> int:
    from convformance.exchange import command

    return command.run_smoke(parsed)
