"""Commands of the command line, one module each. They print; nothing else in the project does."""
