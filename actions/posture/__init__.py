"""How a workspace is secured: every fact with its value, where it was read, its age, its grade and what to do."""
