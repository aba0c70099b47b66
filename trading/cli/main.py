"""The ``sevengates`` command: its options, its commands by name, and one place where errors become exit codes.

A command's module is imported when the command is asked for, and imports what it needs inside its function, so that
``sevengates --help`` stays quick. To add a command, add its loader and its line in :data:`COMMANDS`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, ClassVar

import typer
from typer.core import TyperGroup

from trading.cli.context import Invocation
from trading.cli.output import print_error
from trading.codes import ReasonCode
from trading.errors import ConfigError, SevengatesError

INTERRUPTED = 130
UsageError: type[Exception] = typer.BadParameter.__mro__[1]
"""What typer raises for any wrong option; of its family it exports only this child."""

Target = Callable[..., Any] | typer.Typer
"""A command, or a group of commands."""
Loader = Callable[[], Target]
"""Imports a command when it is listed or called."""


def _backtest() -> Target:
    from trading.cli.review import backtest_command

    return backtest_command


def _gates() -> Target:
    from trading.cli.review import gates_command

    return gates_command


def _explain() -> Target:
    from trading.cli.explain import explain_command

    return explain_command


def _report() -> Target:
    from trading.cli.report import report_command

    return report_command


def _page() -> Target:
    from trading.cli.page import page_command

    return page_command


def _models() -> Target:
    from trading.cli.models import app

    return app


def _engine() -> Target:
    from trading.cli.engine import app

    return app


def _leakage_check() -> Target:
    from trading.cli.leakage import leakage_check

    return leakage_check


def _data() -> Target:
    from trading.cli.data import app

    return app


def _costs() -> Target:
    from trading.cli.costs import app

    return app


def _live() -> Target:
    from trading.cli.live import app

    return app


def _status() -> Target:
    from trading.cli.live import status

    return status


def _config() -> Target:
    from trading.cli.config import app

    return app


def _doctor() -> Target:
    from trading.cli.doctor import doctor

    return doctor


def _ui() -> Target:
    from trading.cli.ui import ui

    return ui


COMMANDS: Mapping[str, Loader] = MappingProxyType(
    {
        "backtest": _backtest,
        "gates": _gates,
        "explain": _explain,
        "report": _report,
        "page": _page,
        "models": _models,
        "engine": _engine,
        "leakage-check": _leakage_check,
        "data": _data,
        "costs": _costs,
        "live": _live,
        "status": _status,
        "config": _config,
        "doctor": _doctor,
        "ui": _ui,
    }
)
"""The commands of this package by name; those that run flows stand above it, in ``flows.command_line``."""


class LazyGroup(TyperGroup):
    """A group that imports a command's module when the command is listed or called."""

    loaders: ClassVar[Mapping[str, Loader]] = MappingProxyType({})

    def list_commands(self, ctx: typer.Context) -> list[str]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The names in the order in which a newcomer needs them.

        Args:
            ctx: of the call; the names do not follow from it.
        """
        return list(self.loaders)

    def get_command(self, ctx: typer.Context, cmd_name: str) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The command of a name, or None.

        Args:
            ctx: of the call; the command does not follow from it.
            cmd_name: as the user wrote it.
        """
        if cmd_name not in self.loaders:
            return None
        target = self.loaders[cmd_name]()
        if not isinstance(target, typer.Typer):
            function, target = target, typer.Typer(add_completion=False, pretty_exceptions_enable=False)
            target.command(cmd_name)(function)
        command = typer.main.get_command(target)
        command.name = cmd_name
        return command


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"sevengates {version('sevengates')}")
        raise typer.Exit


def options(
    ctx: typer.Context,
    config: Annotated[
        Path | None, typer.Option(help="Settings file; by default sevengates.toml in this folder, if it is there.")
    ] = None,
    assign: Annotated[
        list[str] | None, typer.Option("--set", metavar="TABLE.KEY=VALUE", help="Override one setting; repeatable.")
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version and stop.")
    ] = False,
) -> None:
    """Options that come before the command and hold for all of them."""
    ctx.obj = Invocation(config=config, overrides=dict(_assignment(text) for text in assign or ()))


def command_line(commands: Mapping[str, Loader]) -> typer.Typer:
    """The command with its options and a table of commands.

    Args:
        commands: by name, in the order in which help lists them.
    """
    app = typer.Typer(
        name="sevengates",
        cls=type("Commands", (LazyGroup,), {"loaders": commands}),
        help="Retrain every night, judge by seven gates, promote what is proven better, trade it.",
        epilog="Exit codes are listed in docs/cli.md; settings in docs/configuration.md.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(options)
    return app


def main(arguments: Sequence[str] | None = None, commands: Mapping[str, Loader] = COMMANDS) -> None:
    """Run the command and leave the process with its documented exit code.

    Args:
        arguments: what follows the command's name; None is what this process was called with.
        commands: by name.
    """
    app = command_line(commands)
    given = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in given
    try:
        # Left alone, typer draws a box around a wrong option and leaves; a machine reads JSON.
        raise SystemExit(app(given, prog_name="sevengates", standalone_mode=not as_json))
    except UsageError as error:
        message = str(error.format_message())  # pyright: ignore[reportAttributeAccessIssue]  # see UsageError
        wrong = ConfigError(ReasonCode.CONFIG_INVALID, message, remedy="See what the command takes with --help.")
        print_error(wrong, as_json=True)
        raise SystemExit(wrong.exit_code) from None
    except typer.Abort:
        raise SystemExit(INTERRUPTED) from None
    except SevengatesError as error:
        print_error(error, as_json=as_json)
        raise SystemExit(error.exit_code) from None
    except ModuleNotFoundError as error:
        missing = _package_error(error)
        if missing is None:
            raise
        print_error(missing, as_json=as_json)
        raise SystemExit(missing.exit_code) from None


def _assignment(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise ConfigError(
            ReasonCode.CONFIG_INVALID,
            f"--set {text} has no value.",
            remedy="Write --set TABLE.KEY=VALUE, for example --set gates.min_sharpe=1.5.",
        )
    return key.strip(), value.strip()


def _package_error(error: ModuleNotFoundError) -> SevengatesError | None:
    """The error of a command that needs the full install, or None if the missing module is our own mistake."""
    package = (error.name or "").partition(".")[0]
    if not package or package in ("trading", "tasks", "flows", "envs"):
        return None
    return ConfigError(
        ReasonCode.PACKAGE_MISSING,
        f"this command needs the package {package}, which is not installed here.",
        remedy="Install everything with: pip install 'sevengates[train]' (or make setup in a checkout).",
        package=package,
    )
