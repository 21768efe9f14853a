"""Load, call, save: one function per use case."""
