"""The settings file as an example: every setting with what it means, at its default, to be edited by its owner."""

from __future__ import annotations

EXAMPLE = """\
# Settings of amlkeys. Every line below shows a default: take away the `#` before a setting to change it.
# A flag on the command line wins over this file.

# journal = ""            # of real runs: a file, or a postgresql:// address; empty is the state folder
# cloud = ""              # AzureCloud, AzureUSGovernment or AzureChinaCloud
# tenant = ""             # the tenant to sign in to

[subscriptions]
# hidden = []             # ids or names that the fleet leaves out

[fleet]
# keep = true             # keep the list, without any secret, so that the console opens with what it last saw
# columns = []            # the columns behind the name; `amlkeys workspaces --columns help` tells them
# refresh = 0             # seconds after which the console reads the list anew by itself, at least 2; 0 is never

# Views of the list by name, beside those of the console and those that are saved with `v`:
#
#     [[fleet.views]]
#     name = "open"
#     columns = ["public-access", "storage-network", "subscription"]
#     sort = "subscription"   # with - before it the other way round
#     filter = "public-access:open"

[reveal]
# allowed = true          # false: no key is ever shown, not even by the screen that asks for it

[runbooks]
# folder = ""             # a folder with runbooks of your own; one with the name of a shipped one takes its place

[appearance]
# theme = ""              # such as high-contrast, ansi-dark or nord; empty suits the terminal
# ascii = false           # plain ASCII instead of symbols and line drawing

# Which subscriptions are production, and which are not: the word stands in the banner, in the list and in every question.
# The first that fits counts. One whose name begins with prod asks for the typed name even where nothing can break.
#
#     [[environments]]
#     name = "prod"
#     subscriptions = ["*-prod", "prod-*"]   # names or ids, * for any characters
#     word = "PRODUCTION"     # empty: the name in capitals
#     colour = "red"          # red, yellow, green, blue, magenta or cyan
#     theme = ""              # a theme while a screen is about it; empty leaves the usual one
#     type_name = true        # ask for the typed name even where nothing can break

[keys]
# Another key for a binding of the console, by the binding's id:
"""


def example(bindings: dict[str, str]) -> str:
    """Give the text of the file; `bindings` are the console's keys by the id that `[keys]` takes."""
    return EXAMPLE + "".join(f'# "{name}" = "{key}"\n' for name, key in sorted(bindings.items()))
