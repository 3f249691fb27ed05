"""HTTP and timer triggers: the ways into the control plane."""
