"""From a forecast to the plan of a rehearsal: the smallest sample, its look-alikes, and the proof that they hold."""
