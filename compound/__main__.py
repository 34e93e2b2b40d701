"""`python -m compound`: the command line."""

from compound.cli import main

if __name__ == "__main__":  # a process that is spawned may import this file again
    main()
