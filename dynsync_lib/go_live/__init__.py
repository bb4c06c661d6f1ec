"""What a team needs on the day of the go-live and for two days after, out of a forecast."""
