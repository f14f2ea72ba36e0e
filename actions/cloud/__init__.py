"""The only room that speaks to Azure: typed calls that return our own data."""
