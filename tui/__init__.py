"""What an operator sees in a terminal: the command line, the plain walk and the full-screen console."""

__version__ = "0.1.0"
