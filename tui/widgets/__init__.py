"""Small, reusable parts of screens; each carries its own style."""
