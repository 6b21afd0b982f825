"""The subcommands: arguments in, calls of the phases, printed results out."""
