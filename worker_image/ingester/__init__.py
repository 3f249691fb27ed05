"""Documents become rows in a sink, exactly once."""
