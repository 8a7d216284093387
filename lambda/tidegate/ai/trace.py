"""Where something failed, without its message, which may quote what a person wrote."""


def where(error: BaseException) -> str:
    """The type of an error and the lines that led to it, the last three of them."""
    lines: list[str] = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        lines.append(f"{code.co_filename.rpartition('/')[2]}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return f"{type(error).__name__} at {' < '.join(reversed(lines[-3:]))}"
