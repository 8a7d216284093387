"""What runs inside the processes of Lambda functions; it may import only the standard library.

`zygote.py` is started as a script, with Python's isolated mode, and forks one worker for each
execution environment; `bootstrap.py` is what a worker does. Neither may import `emulator`: the
function's code must not find it.
"""
