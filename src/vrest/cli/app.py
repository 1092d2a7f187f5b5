"""The `vrest` command: finds its sub-commands, and turns whatever goes wrong into a message and an exit code."""

from __future__ import annotations

import errno
import logging
import os
import re
import signal
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from inspect import cleandoc
from io import TextIOWrapper
from shutil import get_terminal_size
from textwrap import indent
from threading import current_thread, main_thread
from types import FrameType

import rich_click as click
from rich_click import rich_click as look

from vrest.cli.waiting import Waiting, aside, leave
from vrest.errors import InputError, VrestError, near_miss
from vrest.layout import prose, shell
from vrest.version import __version__

COMMANDS = (
    "nernst",
    "ghk",
    "mullins-noda",
    "ljp",
    "rest",
    "instant",
    "settled",
    "run",
    "population",
    "explain",
    "curve",
    "bifurcation",
    "perturb",
    "compare",
)
COMMANDS += ("map", "excitability", "design", "check", "fit", "sensitivity", "solution", "web", "show", "doctor")
UNEXPECTED, USAGE, INTERRUPTED, UNREAD = 1, 2, 130, 141

look.PADDING_HELPTEXT_FIRST_LINE = (0, 0, 1, 0)


class Wrong(click.UsageError):
    """A command line of the wrong shape, with what to write instead."""

    def __init__(self, message: str, *, code: str = "usage", hint: str = "", ctx: click.Context | None = None) -> None:
        click.UsageError.__init__(self, message, ctx)
        self.code = code
        self.hint = hint


class Ended(KeyboardInterrupt):
    """Another program told this one to end; what is begun is left as after Ctrl-C."""

    def __init__(self, number: int) -> None:
        KeyboardInterrupt.__init__(self)
        self.exit_code = 128 + number


class Lazy(click.RichGroup):
    """Imports the module of a command when that command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in COMMANDS:
            command = import_module(f"vrest.cli.{cmd_name.replace('-', '_')}").command
            _fit_examples(command)
            return command
        if cmd_name.startswith("-"):
            return None
        hint = near_miss(cmd_name, list(COMMANDS))
        raise Wrong(f"There is no command '{cmd_name}'.", code="unknown_command", hint=hint, ctx=ctx)


def _fit_examples(command: click.Command) -> None:
    """The examples in the help of a command in lines that fit and can be copied; what help pads takes 4 characters."""
    room = get_terminal_size().columns - 4
    told = re.sub(r" \\\n\s+", " ", cleandoc(command.callback.__doc__ or ""))
    command.help = re.sub(r"(?m)^  (vrest .*)$", lambda line: indent(shell(line[1], room), "  "), told)


def _print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        click.echo(f"vrest {__version__}")
        ctx.exit()


@click.group(cls=Lazy, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="Print the version."
)
@click.pass_context
def app(ctx: click.Context) -> None:
    """The resting membrane potential: make it, certify it, explain it, run it down.

    \b
    Examples:
      vrest nernst K --inside 140 --outside 5
      vrest ghk --ion K 140 5 1 --ion Na 15 145 0.04 --ion Cl 7 110 0.45
      vrest mullins-noda --ion K 140 5 1 --ion Na 15 145 0.04
      vrest solution k_gluconate_internal --volume "500 mL"
      vrest ljp k_gluconate_internal acsf --celsius 32 --measured -60
      vrest rest mammalian_neuron --set "outside.K=12 mM" --swap Na
      vrest settled mammalian_neuron --set "outside.K=12 mM" --swap Na
      vrest run mammalian_neuron --at "5 min" "pump.max_rate*=0" -o run.nc
      vrest explain mammalian_neuron --plot votes.png
      vrest population mammalian_neuron --vary "K_leak.permeability ~ lognormal(0.2)" -n 10000
      vrest curve mammalian_neuron outside.K 0.5 150 --log --swap Na --plot curve.png
      vrest bifurcation mammalian_neuron pump.max_rate 0.1x 2x --plot pump.png
      vrest perturb mammalian_neuron ouabain --dose "1 uM" --plot ouabain.png
      vrest design mammalian_neuron --v-rest "-75 mV" --input-resistance "150 Mohm" -o mine.toml
      vrest check my_neuron_model.toml  # exit code 5: it drifts
      vrest fit vm_ko.csv --cell frog_muscle --free P_Na/P_K --config sharp --plot fit.png
      vrest sensitivity mammalian_neuron --plot tornado.png
      vrest web mammalian_neuron --save page.html

    The answer goes to stdout (with --json as one object), progress and warnings to stderr. Exit codes: 0 ok,
    1 unexpected failure, 2 usage, 3 invalid input, 4 no resting state, 5 a check failed.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code; no exception leaves this function."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in given
    _without_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without some sign is no reason to fail
    try:
        _fit_examples(app)
        quiet = "--quiet" in given
        with warnings.catch_warnings(), Waiting(given[0] if given else "", shown=not quiet) as waiting:
            warnings.showwarning = _remark
            if quiet:
                warnings.simplefilter("ignore")
            with _said(waiting), _ended():
                code = app.main(given, prog_name="vrest", standalone_mode=False, obj=waiting)
        sys.stdout.flush()  # a pipe that was closed, or a full disk, is found out here, not at exit
        return code if isinstance(code, int) else 0
    except VrestError as error:
        return _fail(error, as_json, error.exit_code)
    except click.UsageError as error:
        return _fail(_usage(error), as_json, USAGE)
    except click.ClickException as error:
        return _fail(VrestError(error.format_message(), code="usage"), as_json, USAGE)
    except (click.Abort, KeyboardInterrupt) as stop:
        if isinstance(stop.__context__, Ended):  # click makes an Abort of it
            return _fail(VrestError("Ended by another program.", code="ended"), as_json, stop.__context__.exit_code)
        return _fail(VrestError("Interrupted.", code="interrupted"), as_json, INTERRUPTED)
    except MemoryError as error:
        told = InputError(
            f"There is not enough memory: {error or 'none is left'}.", code="no_memory", hint="Ask for less at once."
        )
        return _fail(told, as_json, InputError.exit_code)
    except BrokenPipeError:
        leave(sys.stdout)  # the reader has gone, as in `vrest show | head`
        return UNREAD
    except OSError as error:
        from vrest.atomic import FULL, not_written

        if error.errno not in (*FULL, errno.EBADF, errno.EIO):
            return _crashed(error, as_json)
        if error.filename is not None:
            return _fail(not_written(error.filename, error), as_json, InputError.exit_code)
        leave(sys.stdout)
        hint = "Make room, or send it elsewhere." if error.errno in FULL else "Send it to a file or a terminal."
        why = "it is closed" if error.errno == errno.EBADF else error.strerror
        told = f"The answer cannot be written to standard output: {why}."
        return _fail(InputError(told, code="cannot_write", hint=hint), False, InputError.exit_code)
    except SystemExit as stop:
        if isinstance(stop.__context__, BrokenPipeError):  # so click and rich end there
            return UNREAD
        return stop.code if isinstance(stop.code, int) else UNEXPECTED
    except Exception as error:
        return _crashed(error, as_json)


def _without_closed_streams() -> None:
    """Streams that the shell closed (`>&-`): no file takes their place, and printing fails as on a full disk."""
    for name, how, mode in (("stdin", os.O_RDONLY, "r"), ("stdout", os.O_RDONLY, "w"), ("stderr", os.O_WRONLY, "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, how), mode, encoding="utf-8"))


@contextmanager
def _ended() -> Iterator[None]:
    """SIGTERM and SIGHUP end the command as Ctrl-C does, so that nothing half-written is left; a second one at once."""

    def end(number: int, _: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        raise Ended(number)

    known = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]  # Windows has no SIGHUP
    heard = [number for number in known if signal.getsignal(number) == signal.SIG_DFL]
    heard = heard if current_thread() is main_thread() else []
    for number in heard:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in heard:
            signal.signal(number, signal.SIG_DFL)


def _crashed(error: Exception, as_json: bool) -> int:
    if os.environ.get("VREST_DEBUG"):
        raise error
    return _fail(_unexpected(error), as_json, UNEXPECTED)


class _Lines(logging.Handler):
    """What is told while something takes long: lines on stderr, with what it is told of."""

    def __init__(self, waiting: Waiting) -> None:
        logging.Handler.__init__(self, logging.WARNING)
        self.waiting = waiting

    def emit(self, record: logging.LogRecord) -> None:
        self.waiting.said(record.getMessage())


@contextmanager
def _said(waiting: Waiting) -> Iterator[None]:
    logger, lines = logging.getLogger("vrest"), _Lines(waiting)
    logger.addHandler(lines)
    try:
        yield
    finally:
        logger.removeHandler(lines)


def _remark(message: Warning | str, *_: object) -> None:
    """Show a warning of Python's as one of ours."""
    from vrest.cli.answer import remark

    remark("Warning", "yellow", str(message))


def _usage(error: click.UsageError) -> VrestError:
    hint = getattr(error, "hint", "")
    code = getattr(error, "code", "usage")
    if isinstance(error, click.NoSuchOption):
        code = "unknown_option"
        hint = f"Did you mean '{error.possibilities[0]}'?" if error.possibilities else ""
    elif isinstance(error, click.MissingParameter):
        code = "missing_argument"
    message = error.message if error.message and not isinstance(error, click.MissingParameter) else ""
    path = error.ctx.command_path if error.ctx else "vrest"
    return VrestError(message or error.format_message(), code=code, hint=f"{hint} See '{path} --help'.".lstrip())


def _unexpected(error: Exception) -> VrestError:
    return VrestError(
        f"Something went wrong that should not: {type(error).__name__}: {error}",
        code="unexpected",
        hint="Please report it with the command that you typed; VREST_DEBUG=1 shows where it happened.",
    )


def _fail(error: VrestError, as_json: bool, code: int) -> int:
    if as_json:
        from vrest.io.report import failure, to_json

        try:
            click.echo(to_json(failure(error)))
            sys.stdout.flush()
        except OSError:
            leave(sys.stdout)
            aside(f"Error: {error.message}")
    else:
        from vrest.cli.answer import remark, width

        remark("Error", "red", error.message)
        if error.hint:
            aside(prose(error.hint, width()))
    return code
