"""Log lines as JSON, one object a line, for LOG_FORMAT=json."""

import json
import logging


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
