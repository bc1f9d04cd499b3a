"""The collection of difficult mails."""

from tests.mail.parsing.nasties import headers, people, structures, texts

CASES = [*headers.CASES, *people.CASES, *texts.CASES, *structures.CASES]
