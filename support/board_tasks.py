"""What the board forgets by itself."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task

from staff import jobs


@shared_task(ignore_result=True)
def forget_followers() -> None:
    from support.actions import board  # it writes mail, whose tasks are loaded by then

    board.forget_followers()


def register() -> None:
    jobs.register("support.forget_followers", every=timedelta(days=1), task=forget_followers)
