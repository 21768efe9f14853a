"""`python -m groundplan.cli` is the `groundplan` command."""

from groundplan.cli.entry import main

main()
