"""What pages for strangers have in common: forms without a cookie, headers, limits, languages."""
