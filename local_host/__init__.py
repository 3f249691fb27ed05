"""The same app and workers on one machine; a development host, never for production."""
