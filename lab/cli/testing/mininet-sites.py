"""
A network of Mininet's that runs until its standard input ends: h1 - s1 - g1 - g2 - s2 - h2, each name with the suffix that is given.
Says "up"; then, of each line, whether h1 reaches that address.
"""

import sys

from mininet.net import Mininet
from mininet.node import Node
from mininet.nodelib import LinuxBridge
from mininet.topo import Topo


class Gateway(Node):
    def config(self, route=None, **params):
        super().config(**params)
        self.cmd("sysctl -qw net.ipv4.ip_forward=1")
        self.cmd("ip route add " + route)


class Sites(Topo):
    def build(self, suffix):
        for site in (1, 2):
            address, far = "10.0.%d.1" % site, 3 - site
            route = "10.0.%d.0/24 via 192.0.2.%d" % (far, far)
            gateway = self.addNode("g%d%s" % (site, suffix), cls=Gateway, ip=address + "/24", route=route)
            host = self.addHost("h%d%s" % (site, suffix), ip="10.0.%d.2/24" % site, defaultRoute="via " + address)
            switch = self.addSwitch("s%d" % site)
            self.addLink(gateway, switch)
            self.addLink(host, switch)
        self.addLink("g1" + suffix, "g2" + suffix, params1={"ip": "192.0.2.1/24"}, params2={"ip": "192.0.2.2/24"})


suffix = sys.argv[1]
# Its first act would be to raise limits of the whole machine.
Mininet.inited = True
net = Mininet(topo=Sites(suffix=suffix), switch=LinuxBridge, controller=None)
net.start()
print("up", flush=True)
for line in sys.stdin:
    said = net["h1" + suffix].cmd("ping -n -c 1 -W 5 " + line.strip())
    print("answered" if ", 1 received" in said else "silent", flush=True)
net.stop()
