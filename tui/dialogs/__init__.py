"""Modal questions; every way out of one goes through `dismiss`, and escape always means no."""
