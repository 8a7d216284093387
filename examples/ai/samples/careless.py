"""Sends a file of orders to the warehouse: a program that nobody has reviewed yet."""

import os
import subprocess


def send(path, seen=[]):
    """What a customer called their file goes to a shell."""
    seen.append(path)
    subprocess.call(f"scp {path} warehouse:orders/", shell=True)
    return len(seem)
