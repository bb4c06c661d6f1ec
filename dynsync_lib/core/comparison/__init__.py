"""Two forecasts, two snapshots or two settings beside each other: what differs, and what that adds and takes away."""
