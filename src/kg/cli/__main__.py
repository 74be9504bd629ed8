"""``python -m kg.cli``: the command ``kg``, where its script isn't in PATH."""

from kg.cli import main

if __name__ == "__main__":
    main(prog_name="kg")
