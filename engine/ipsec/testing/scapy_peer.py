"""What esp-peer.py and ah-peer.py share: questions in JSON lines, one line out for each, and the SA that a question describes."""
import json
import logging
import sys
import warnings

warnings.simplefilter("ignore")
logging.getLogger("scapy").setLevel(logging.ERROR)
import integrity_gaps
from scapy.layers.inet import IP
from scapy.layers.inet6 import IPv6
from scapy.layers.ipsec import SecurityAssociation

integrity_gaps.fill()


def association(protocol, q, **encryption):
    tunnel = None
    if q["mode"] == "tunnel":
        tunnel = (IPv6 if ":" in q["source"] else IP)(src=q["source"], dst=q["destination"])
    return SecurityAssociation(
        protocol,
        spi=q["spi"],
        seq_num=q["low"],  # a number of 0 given to encrypt() is taken for none
        auth_algo=q["auth"],
        auth_key=bytes.fromhex(q["integrityKey"]) if q["auth"] else None,
        tunnel_header=tunnel,
        esn_en=q["esn"],
        esn=q["high"],
        **encryption,
    )


def serve(seal, open):
    """Each takes a question and its packet, and returns octets."""
    for line in sys.stdin:
        try:
            q = json.loads(line)
            octets = bytes.fromhex(q["packet"])
            packet = (IP if octets[0] >> 4 == 4 else IPv6)(octets)
            reply = {"packet": (seal if q["do"] == "seal" else open)(q, packet).hex()}
        except Exception as error:
            reply = {"error": repr(error)}
        print(json.dumps(reply))
