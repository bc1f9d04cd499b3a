"""Looking for duplicates as customers come and change."""

from __future__ import annotations

import logging
from datetime import timedelta

from celery import shared_task
from django.db import IntegrityError

from crm import duplicates, search
from staff import jobs, leases

log = logging.getLogger(__name__)
LEASE = "crm.find_duplicates"
# So long that a reply of somebody's never waits behind it for long.
SECONDS = 4
LEASE_SECONDS = 60


@shared_task(ignore_result=True)
def find_duplicates() -> None:
    """Look at those who are new or changed, a few slices at a time; then come again if some are left."""
    with leases.held(LEASE, LEASE_SECONDS) as holder:
        if holder is None:
            return
        try:
            left = duplicates.search(SECONDS)
        except IntegrityError:
            # Somebody was merged or deleted at this moment; the slice is looked at again.
            log.info("Customers went away while they were compared.")
            left = False
    if left:
        find_duplicates.delay()


def register() -> None:
    """Called from CrmConfig.ready."""
    search.followed_by(duplicates.look_again)
    jobs.register("crm.find_duplicates", every=timedelta(minutes=1), task=find_duplicates)
