"""The collection of difficult mails."""

from tests.mail.parsing.nasties import files, headers, people, structures, texts

CASES = [*headers.CASES, *people.CASES, *texts.CASES, *structures.CASES, *files.CASES]
