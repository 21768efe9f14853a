"""`python -m groundplan.cli` is the `groundplan` command."""

from groundplan.cli.main import main

main()
