"""The teacher's desk: what a lesson looks like to the class, and what is left of it afterwards."""
