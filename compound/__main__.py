"""`python -m compound`: the command line."""

from compound.cli import main

main()
