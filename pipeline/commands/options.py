"""What the subcommands share: how one is declared, options of several values, common arguments."""

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, TypeVar

from rich.console import Console
from typer import Argument, Option, Typer
from typer.core import TyperCommand

from conf.errors import ConfigError

A_RUN, DATA, MODELS, DECISIONS, LOOKING = "A run", "Data", "Models", "Decisions", "Looking"

RunFolder = Annotated[str, Argument(metavar="RUN", help="run directory, or an output of score")]
DatasetFolder = Annotated[str, Argument(metavar="URI", help="dataset folder")]
AsJson = Annotated[bool, Option("--json", help="print one JSON object")]
Config = Annotated[
    str,
    Option(
        "--config", metavar="FILE", help="YAML file, or the preset demo, full, endpoint or nightly"
    ),
]
Overrides = Annotated[
    list[str],
    Argument(
        metavar="key=value",
        default_factory=list,
        show_default=False,
        help="e.g. output=s3://bucket/runs",
    ),
]

_Handler = TypeVar("_Handler", bound=Callable[..., int])


def command(app: Typer, name: str, panel: str, *examples: str) -> Callable[[_Handler], _Handler]:
    """Return a decorator that makes a function a subcommand; its docstring is the help.

    Args:
        app: the family that it belongs to.
        name: as it is typed.
        panel: the group of commands that the help lists it in.
        examples: whole command lines, the last thing that its help shows.
    """
    epilog = "\n\n".join(("Examples:", *examples))
    return app.command(name, cls=Command, rich_help_panel=panel, epilog=epilog)


def several(*flags: str, metavar: str, help: str) -> Any:
    """Return an option of any number of values, none by default; see ``Command`` for its forms."""
    return Option(*flags, metavar=metavar, default_factory=list, show_default=False, help=help)


class Command(TyperCommand):
    """A subcommand whose list options take several values after one flag: ``--margin a=1 b=2``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse with one flag per value, the form that typer knows."""
        pairs_only = {
            flag: "=" in (option.metavar or "")
            for option in self.params
            if option.param_type_name == "option" and option.multiple
            for flag in option.opts
        }
        return super().parse_args(ctx, one_flag_per_value(args, pairs_only))


def one_flag_per_value(words: Sequence[str], pairs_only: Mapping[str, bool]) -> list[str]:
    """Return the words with a list option's flag repeated before each of its values.

    Args:
        words: the arguments of one subcommand.
        pairs_only: the flags of its list options, and whether their values are ``key=value``: these
            end at the first word that is no such pair, others at the next option.
    """
    repeated: list[str] = []
    flag, first = "", False
    for n, word in enumerate(words):
        if word == "--":
            return [*repeated, *words[n:]]
        if word.startswith("-"):
            flag = word if word in pairs_only else ""
            first = True
        elif flag and not first:
            flag = flag if "=" in word or not pairs_only[flag] else ""
            repeated += [flag] if flag else []
        else:
            first = False
        repeated.append(word)
    return repeated


def number_by_metric(items: Sequence[str], what: str) -> dict[str, float]:
    """Return ``metric=number`` items as a dictionary.

    Raises:
        ConfigError: an item is not of that form; the message calls it a ``what``.
    """
    numbers = {}
    for item in items:
        metric, _, value = item.partition("=")
        try:
            numbers[metric] = float(value)
        except ValueError:
            raise ConfigError(f"{what} {item!r} is not of the form metric=number") from None
    return numbers


def console() -> Console:
    """Return a console as wide as the terminal; 160 columns where the output is no terminal."""
    return Console(width=None if sys.stdout.isatty() else 160)
