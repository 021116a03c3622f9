"""Checks the pages of the repository: documents_test.py SOURCE_FOLDER PROGRAM.

Relative links lead to files and headings that exist; an indented command, or one of the example scripts, names a
subcommand of the program and options that it has.
"""
import re
import subprocess
import sys
import unittest
from pathlib import Path

SOURCE = PROGRAM = None


def pages():
    roots = [*SOURCE.glob("*.md"), *(SOURCE / "docs").rglob("*.md"), *(SOURCE / "examples").rglob("*.md"),
             *(SOURCE / "models").glob("*.md")]
    return sorted(roots)


def anchors(page):
    """Of the headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def commands(text):
    """Of indented lines, joined where they end in a backslash."""
    joined = re.sub(r"\\\n\s*", "", text)
    for line in joined.splitlines():
        match = re.match(r"\s+(?:\S*/)?limpid ([a-z]\w*)(.*)", line)
        if match:
            yield match[1], re.findall(r"(?<=\s)--\w+", match[2].split("  #")[0])


class Documents(unittest.TestCase):
    def test_links(self):
        for page in pages():
            for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
                if re.match(r"https?:", target):
                    continue
                path, _, anchor = target.partition("#")
                file = (page.parent / path).resolve() if path else page
                with self.subTest(page=str(page), target=target):
                    self.assertTrue(file.exists())
                    if anchor:
                        self.assertIn(anchor, anchors(file))

    def test_commands(self):
        sources = [(page, page.read_text()) for page in pages()]
        for example in ("cli_star_list", "empiar_10025"):
            script = SOURCE / "examples" / example / "run"
            sources.append((script, script.read_text().replace('"$limpid"', "  limpid")))
        helps = {}
        count = 0
        for page, text in sources:
            for subcommand, options in commands(text):
                if subcommand not in helps:
                    helps[subcommand] = subprocess.run([PROGRAM, subcommand, "--help"], capture_output=True, text=True)
                count += 1
                with self.subTest(page=str(page), subcommand=subcommand, options=options):
                    self.assertEqual(helps[subcommand].returncode, 0)
                    for option in options:
                        self.assertRegex(helps[subcommand].stdout, re.escape(option) + r"\b")
        self.assertGreater(count, 20)


if __name__ == "__main__":
    SOURCE, PROGRAM = Path(sys.argv[1]), sys.argv[2]
    unittest.main(argv=sys.argv[:1])
