"""
What a file for Mininet says of a network, without starting any: the topology that it defines is made, and written down as JSON.

    standard input:  {"file": "lab.py", "source": "from mininet.topo import Topo…", "topo": "mytopo,3" or null}
    standard output: {"topo": "mytopo", "nodes": [NODE], "links": [LINK]}, or {"wrong": {"line": 3 or 0, "message": "…", "fix": "…" or null}}
        with NODE = {"name", "line", "isSwitch", "ip", "mac", "defaultRoute", "forwards", "isNat"}
        and LINK = {"line", "ends": [END, END], "bw", "delay", "jitter", "loss", "queue"}, END = {"node", "interface", "port", "ip", "mac"}

Lines are those of the calls in the file. Whatever the file does when it is read happens here: to be run without any right.
"""

import inspect
import json
import os
import resource
import sys
import traceback

answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

from mininet.net import Mininet
from mininet.nodelib import NAT
from mininet.topo import Topo
from mininet.util import ipAdd, ipParse, splitArgs

MODULE = "topology"
CPU_SECONDS = 20
MEMORY_OCTETS = 1 << 30


class Wrong(Exception):
    def __init__(self, line, message, fix):
        super().__init__(message)
        self.said = {"line": line, "message": message, "fix": fix}


def limit():
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_OCTETS, MEMORY_OCTETS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


def line_in(file):
    frame = sys._getframe()
    while frame is not None:
        if frame.f_code.co_filename == file:
            return frame.f_lineno
        frame = frame.f_back
    return 0


def remember_lines(file):
    """From now on nodes and links know the line that made them."""
    add_node, add_link = Topo.addNode, Topo.addLink

    def add_node_of_line(self, name, **opts):
        return add_node(self, name, **{**opts, "line": line_in(file)})

    def add_link_of_line(self, *args, **opts):
        before = opts or self.lopts
        return add_link(self, *args, **{**before, "line": line_in(file)})

    Topo.addNode, Topo.addLink = add_node_of_line, add_link_of_line

    def refuse(self, *args, **params):
        raise Wrong(
            line_in(file),
            "the file makes a network as soon as it is read",
            'put what runs it below if __name__ == "__main__":, and leave a subclass of Topo',
        )

    Mininet.__init__ = refuse


def topologies(module):
    """What mn --custom FILE --topo NAME would find, and the classes of the file itself."""
    found = {
        name: value
        for name, value in module.items()
        if inspect.isclass(value) and issubclass(value, Topo) and value.__module__ == MODULE
    }
    bases = {base for value in found.values() for base in value.__mro__[1:]}
    leaves = {name: value for name, value in found.items() if value not in bases}
    named = module.get("topos")
    return {**found, **(named if isinstance(named, dict) else {})}, list(named if isinstance(named, dict) and named else leaves)


def choose(module, wanted):
    known, candidates = topologies(module)
    if wanted is None:
        if len(candidates) == 1:
            return candidates[0], (), {}
        if candidates:
            raise Wrong(0, "it has several topologies: %s" % ", ".join(candidates), "choose one: --topo %s" % candidates[0])
        raise Wrong(0, "it has no topology", "write the network as a subclass of mininet.topo.Topo")
    name, args, params = splitArgs(wanted)
    if name not in known:
        raise Wrong(0, 'it has no topology "%s"' % name, "it has %s" % (", ".join(known) or "none"))
    return name, args, params


def read(request):
    file = request["file"]
    module = {"__name__": MODULE, "__file__": file}
    exec(compile(request["source"], file, "exec"), module)
    name, args, params = choose(module, request["topo"])
    topo = topologies(module)[0][name](*args, **params)
    if not isinstance(topo, Topo):
        raise Wrong(0, '"%s" is no topology' % name, "let it be a subclass of mininet.topo.Topo")
    nodes = [node_of(topo, node) for node in (*topo.hosts(), *topo.switches())]
    return {"topo": name, "nodes": nodes, "links": [link_of(topo, info) for _, _, info in topo.links(withInfo=True)]}


def node_of(topo, name):
    info = topo.nodeInfo(name)
    hosts = topo.hosts()
    is_switch = topo.isSwitch(name)
    # As Mininet counts them, whether they need it or not.
    own = None if is_switch else "%s/8" % ipAdd(hosts.index(name) + 1, prefixLen=8, ipBaseNum=ipParse("10.0.0.0"))
    cls = info.get("cls")
    return {
        "name": str(name),
        "line": info.get("line", 0),
        "isSwitch": is_switch,
        "ip": text(info["ip"] if "ip" in info else own),
        "mac": text(info.get("mac")),
        "defaultRoute": text(info.get("defaultRoute")),
        "forwards": inspect.isclass(cls) and any(map(mentions_forwarding, methods(cls))),
        "isNat": inspect.isclass(cls) and issubclass(cls, NAT),
    }


def methods(cls):
    """Those that are not Mininet's own."""
    return [
        value.__code__
        for owner in cls.__mro__
        if not owner.__module__.startswith("mininet.")
        for value in vars(owner).values()
        if inspect.isfunction(value)
    ]


def mentions_forwarding(code):
    return any(
        mentions_forwarding(constant) if inspect.iscode(constant) else isinstance(constant, str) and "forward" in constant
        for constant in code.co_consts
    )


def link_of(topo, info):
    return {
        "line": info.get("line", 0),
        "ends": [end_of(topo, info, side) for side in "12"],
        "bw": number(info.get("bw")),
        "delay": text(info.get("delay")),
        "jitter": text(info.get("jitter")),
        "loss": number(info.get("loss")),
        "queue": number(info.get("max_queue_size")),
    }


def end_of(topo, info, side):
    node, port = info["node" + side], info["port" + side]
    params = info.get("params" + side) or {}
    return {
        "node": str(node),
        "port": port,
        "interface": text(info.get("intfName" + side)) or "%s-eth%s" % (node, port),
        "ip": text(params.get("ip")),
        "mac": text(info.get("addr" + side) or params.get("mac")),
    }


def text(value):
    return None if value is None else str(value)


def number(value):
    return None if value is None else float(value)


def last_line(file, error):
    if isinstance(error, SyntaxError) and error.filename == file:
        return error.lineno or 0
    lines = [line for frame, line in traceback.walk_tb(error.__traceback__) if frame.f_code.co_filename == file]
    return lines[-1] if lines else 0


def answer(request):
    remember_lines(request["file"])
    try:
        return read(request)
    except Wrong as wrong:
        return {"wrong": wrong.said}
    except BaseException as error:  # whatever the file raises is its own affair, the end of the process too
        return {
            "wrong": {
                "line": last_line(request["file"], error),
                "message": "%s: %s" % (type(error).__name__, error),
                "fix": fix_for(error),
            }
        }


def fix_for(error):
    if isinstance(error, ModuleNotFoundError):
        return "only what the system's Python has can be imported: put the rest of it into one file"
    if isinstance(error, TypeError) and "required positional argument" in str(error):
        return "give the topology its arguments: --topo NAME,3"
    if isinstance(error, SyntaxError):
        return None
    return "the file is run for its topology alone, without any right: let it do nothing but define one"


limit()
answers.write(json.dumps(answer(json.load(sys.stdin))))
answers.flush()
# Nothing that the file has left behind, a thread for instance, keeps the process.
os._exit(0)
