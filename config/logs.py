"""Log lines as JSON, one object a line, for LOG_FORMAT=json."""

import json
import logging
import re

# /s/<token>/, /t/<token>/ and the like: whoever reads the log must not be able to answer for others.
_TOKENS = re.compile(r"/(s|u|t|board/following|tickets/files|calendar)/[\w:-]{6,}")


class WithoutTokens(logging.Filter):
    """Takes customers' secret links out of what is logged."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        hidden = _TOKENS.sub(r"/\1/…", message)
        if hidden != message:
            record.msg, record.args = hidden, ()
        return True


class JsonFormatter(logging.Formatter):
    """Formats a record as one JSON object: at, level, logger, message and, if any, the traceback."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": self.formatTime(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)
