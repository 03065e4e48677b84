"""
The ring of ring-topology.ts as Mininet has it, without IPsec: sites and routers are hosts that forward, each site pings the next one.

    mininet-ring.py SITES      -> "up", "checked ANSWERED", "memory OCTETS", "down", each on a line as soon as it is so

To be run in namespaces of its own.
"""

import os
import re
import sys

lines = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)

from mininet.log import setLogLevel
from mininet.net import Mininet
from mininet.node import Node
from mininet.topo import Topo


class Router(Node):
    def config(self, routes=(), **params):
        super().config(**params)
        self.cmd("sysctl -qw net.ipv4.ip_forward=1")
        for route in routes:
            self.cmd("ip route add " + route)


class Ring(Topo):
    def build(self, sites):
        following = lambda site: site % sites + 1
        for site in range(1, sites + 1):
            before = (site + sites - 2) % sites + 1
            routes = ["default via 100.64.%d.2" % site]
            self.addHost("site%d" % site, cls=Router, ip="100.64.%d.1/24" % site, routes=routes)
            routes = ["default via 100.65.%d.2" % site, "100.64.%d.0/24 via 100.65.%d.1" % (before, before)]
            self.addHost("router%d" % site, cls=Router, ip=None, routes=routes)
        for site in range(1, sites + 1):
            self.addLink("site%d" % site, "router%d" % site, params2={"ip": "100.64.%d.2/24" % site})
            one, other = ({"ip": "100.65.%d.%d/24" % (site, end)} for end in (1, 2))
            self.addLink("router%d" % site, "router%d" % following(site), params1=one, params2=other)


def memory():
    """Octets of all processes here, shared ones in shares."""
    total = 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/smaps_rollup" % pid) as rollup:
                total += int(re.search(r"^Pss:\s+(\d+) kB", rollup.read(), re.M)[1]) * 1024
        except (OSError, TypeError):
            pass  # it has ended, or has no memory of its own
    return total


def say(*words):
    lines.write(" ".join(map(str, words)) + "\n")


sites = int(sys.argv[1])
setLogLevel("error")
# Its first act would be to raise limits of the whole machine.
Mininet.inited = True
net = Mininet(topo=Ring(sites=sites), controller=None)
net.start()
say("up")
answered = 0
for site in range(1, sites + 1):
    said = net["site%d" % site].cmd("ping -n -c 1 -W 2 100.64.%d.1" % (site % sites + 1))
    answered += ", 1 received" in said
say("checked", answered)
say("memory", memory())
net.stop()
say("down")
