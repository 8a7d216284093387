"""`python -m cli` is `tidegate`."""

from cli.main import run

if __name__ == "__main__":
    run()
