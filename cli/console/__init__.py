"""The web console: the one view of a release in a browser, with the operator's verbs as buttons.

It is served to this machine only and reads what every other view reads. It may change nothing but
by `cli.verbs` and `tidegate.loop.operate`, as the command line does.
"""
