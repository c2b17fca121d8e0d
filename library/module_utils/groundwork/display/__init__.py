"""What a person reads while a playbook runs: plain results in, lines out.

`text` has the words and marks, `results` the lines of this project's modules, `failure` those of
anything that went wrong, `story` the stages in between, `facts` and `summary` the closing table,
and `ticker` the elapsed time. Nothing here prints, except `ticker` into the stream it is given.
"""
