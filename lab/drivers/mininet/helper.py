"""
A network of Mininet's, for a program that speaks JSON lines: one request a line on standard input, one answer a line on standard output.

    {"id": 1, "op": "hosts", "names": ["a1", "r1"]}          -> {"id": 1, "result": {"a1": PID, "r1": PID}}
    {"id": 2, "op": "links", "links": [{"kind": "Link", "ends": [END, END]}]}
        with END = {"node": "a1", "interface": "eth0", "mac": "02:…" or null, "mtu": 1500}; none of them is up yet
    {"id": 3, "op": "shape", "node": "a1", "interface": "eth0", "delayUs": 20000, "lossPercent": 1.5}     of a TCLink
    {"id": 4, "op": "stop"}                                   the network is gone; so is the helper, then

An answer has "result", or "error" in words. {"event": "died", "node": "a1"} comes unasked when the shell of a host ends. The end of
standard input is the end of all. To be run in network and mount namespaces of its own: nothing outside of them is looked at.
"""

import json
import os
import select
import sys

# What Mininet and its commands print is not for the one who asks.
answers = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)

from mininet.link import Link, TCLink
from mininet.log import setLogLevel
from mininet.net import Mininet

MTU_OF_VETHS = 1500
# Frames under way; a wire has no limit of its own.
FRAMES_UNDER_WAY = 1000000

setLogLevel("warning")
# Its first act would be to raise limits of the whole machine, which are not ours to change.
Mininet.inited = True


class Network:
    def __init__(self):
        self.net = Mininet(topo=None, build=False, controller=None)
        self.shells = {}

    def hosts(self, names):
        for name in names:
            # ip: it would choose an address.
            host = self.net.addHost(name, ip=None)
            self.shells[os.pidfd_open(host.pid)] = name
        return {host.name: host.pid for host in self.net.hosts}

    def links(self, links):
        for link in links:
            one, other = link["ends"]
            made = self.net.addLink(
                one["node"],
                other["node"],
                cls={"Link": Link, "TCLink": TCLink}[link["kind"]],
                intfName1=one["interface"],
                intfName2=other["interface"],
                addr1=one["mac"] or self.net.randMac(),
                addr2=other["mac"] or self.net.randMac(),
                up=False,
            )
            for end, interface in ((one, made.intf1), (other, made.intf2)):
                if end["mtu"] != MTU_OF_VETHS:
                    said = interface.cmd("ip link set dev %s mtu %d" % (interface, end["mtu"]))
                    if said:
                        raise RuntimeError(said.strip())
        self.net.build()
        self.net.start()

    def shape(self, node, interface, delayUs, lossPercent):
        end = self.net[node].nameToIntf[interface]
        # What the kernel refuses it only prints.
        end.config(delay="%dus" % delayUs, loss=lossPercent, max_queue_size=FRAMES_UNDER_WAY, up=False)
        said = end.cmd("tc qdisc show dev %s" % end)
        if "netem" not in said:
            raise RuntimeError("%s:%s has no netem: %s" % (node, interface, said.strip()))

    def stop(self):
        for shell in self.shells:
            os.close(shell)
        self.shells = {}
        self.net.stop()

    def died(self, shell):
        os.close(shell)
        return self.shells.pop(shell)


def tell(message):
    answers.write(json.dumps(message) + "\n")


def answer(network, request):
    """Whether the helper goes on."""
    identifier, operation = request.pop("id"), request.pop("op")
    try:
        tell({"id": identifier, "result": getattr(network, operation)(**request)})
    except Exception as error:  # whatever Mininet throws is for the other side to judge
        tell({"id": identifier, "error": "%s: %s" % (type(error).__name__, error)})
    return operation != "stop"


def serve(network):
    pending = b""
    while True:
        ready, _, _ = select.select([0, *network.shells], [], [])
        for shell in ready:
            if shell in network.shells:
                tell({"event": "died", "node": network.died(shell)})
        if 0 not in ready:
            continue
        octets = os.read(0, 1 << 16)
        if not octets:
            return
        *lines, pending = (pending + octets).split(b"\n")
        for line in lines:
            if not answer(network, json.loads(line)):
                return


serve(Network())
