"""Personal data that the kit wrote, found again, and removed when its time is over."""
