"""Groundwork's core: plain data in, plain data out. Nothing here imports Ansible."""
