"""Replacing the keys of a workspace's storage account, and having everything that holds them follow."""
