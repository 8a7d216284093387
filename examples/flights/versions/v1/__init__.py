"""In service: a logistic regression that knows the timetable, the weather and the board."""
