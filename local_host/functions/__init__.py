"""The Functions host with the Durable protocol, on one machine."""
