"""`completion` and `man`: what a shell and a reader of manuals need."""

from __future__ import annotations

import click

from tui.commands.failures import DONE
from tui.commands.flags import Command

SHELLS = ("bash", "zsh", "fish")


@click.command(cls=Command)
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> int:
    """Print what lets SHELL complete commands, options, and the names of workspaces, runs, runbooks and drills.

    \b
    bash  eval "$(amlkeys completion bash)"     in ~/.bashrc
    zsh   eval "$(amlkeys completion zsh)"      in ~/.zshrc, after compinit
    fish  amlkeys completion fish > ~/.config/fish/completions/amlkeys.fish

    Workspaces are offered from the list that the console kept when it last read the fleet.
    """
    from click.shell_completion import get_completion_class

    from tui.cli import root

    found = get_completion_class(shell)
    assert found is not None
    # the class's own `source` would start a bash to look at its version
    script = found(root(), {}, "amlkeys", "_AMLKEYS_COMPLETE")
    click.echo(script.source_template % script.source_vars())
    return DONE


@click.command(cls=Command)
def man() -> int:
    """Print the manual page: `amlkeys man | man -l -`. An installed amlkeys has it as `man amlkeys`."""
    from tui.cli import root
    from tui.manual import manual

    click.echo(manual(root()), nl=False)
    return DONE
