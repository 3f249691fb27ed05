"""What the control plane and the workers agree on; the standard library alone."""
