"""Where ranks of one machine find each other: Horovod's rendezvous, on loopback only.

`python -m farandole.ring.rendezvous RANKS` prints its port and serves until its input closes, so
that it cannot outlive the launcher that holds the other end.
"""

from __future__ import annotations

import sys
from threading import Thread


def serve(ranks: int) -> None:
    """Serve the rendezvous of `ranks` ranks until standard input closes."""
    from horovod.runner.common.util.hosts import get_host_assignments, parse_hosts
    from horovod.runner.http.http_server import RendezvousHandler, RendezvousHTTPServer

    server = RendezvousHTTPServer(("127.0.0.1", 0), RendezvousHandler, 0)
    server.init(get_host_assignments(parse_hosts(f"localhost:{ranks}"), ranks))
    Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    serve(int(sys.argv[1]))
