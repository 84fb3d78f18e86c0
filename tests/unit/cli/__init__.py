"""The subcommands against small agents of ours: exit codes, data, talk, and hostile text."""
