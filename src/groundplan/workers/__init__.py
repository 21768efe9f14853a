"""Work that is split into tasks and done side by side."""
