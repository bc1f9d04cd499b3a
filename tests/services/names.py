"""A real name server on loopback that knows the TXT records that a test gives it."""

import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.rrset


@contextmanager
def running(records: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Its address, "127.0.0.1:port"; it answers with NXDOMAIN for all other names."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=_serve, args=(server, records), daemon=True)
        thread.start()
        host, port = server.getsockname()
        yield f"{host}:{port}"
        server.sendto(b"", (host, port))
        thread.join(5)


def _serve(server: socket.socket, records: Mapping[str, Sequence[str]]) -> None:
    while True:
        packet, client = server.recvfrom(4096)
        if not packet:
            return
        query = dns.message.from_wire(packet)
        answer = dns.message.make_response(query)
        [question] = query.question
        texts = records.get(question.name.to_text(omit_final_dot=True))
        if texts is None:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        else:
            # A long text goes in pieces of 255.
            pieces = [
                " ".join(f'"{text[start : start + 200]}"' for start in range(0, len(text), 200))
                for text in texts
            ]
            answer.answer.append(dns.rrset.from_text_list(question.name, 60, "IN", "TXT", pieces))
        server.sendto(answer.to_wire(), client)
