"""The pages of this room: `answer` is for strangers, all others for staff."""
