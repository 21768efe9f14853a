"""Arrays in, arrays out: no frames, files or clock. The only room that knows a solver."""
