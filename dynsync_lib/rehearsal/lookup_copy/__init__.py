"""A lookup's recipe carried out in the test portals: a text column with the labels, a property, and the forecast."""
