#!/usr/bin/python3
"""The other implementation in ah-trials.ts: puts AH into packets and verifies it with scapy. JSON lines in, one out for each.

The algorithms that scapy 2.5 lacks are those of integrity_gaps.py.
"""
import json
import logging
import sys
import warnings

warnings.simplefilter("ignore")
logging.getLogger("scapy").setLevel(logging.ERROR)
import integrity_gaps
from scapy.layers.inet import IP
from scapy.layers.inet6 import IPv6
from scapy.layers.ipsec import AH, SecurityAssociation
from scapy.packet import raw

integrity_gaps.fill()


def ip(octets):
    return (IP if octets[0] >> 4 == 4 else IPv6)(octets)


def association(q):
    tunnel = None
    if q["mode"] == "tunnel":
        tunnel = (IPv6 if ":" in q["source"] else IP)(src=q["source"], dst=q["destination"])
    return SecurityAssociation(
        AH,
        spi=q["spi"],
        seq_num=q["low"],  # a number of 0 given to encrypt() is taken for none
        auth_algo=q["auth"],
        auth_key=bytes.fromhex(q["integrityKey"]),
        tunnel_header=tunnel,
        esn_en=q["esn"],
        esn=q["high"],
    )


def answer(q):
    packet = ip(bytes.fromhex(q["packet"]))
    if q["do"] == "seal":
        return raw(association(q).encrypt(packet, seq_num=q["low"])).hex()
    packet[AH].spi  # decrypt() asks the outermost layer for it, which knows only that of what is inside
    return raw(association(q).decrypt(packet)).hex()


for line in sys.stdin:
    try:
        reply = {"packet": answer(json.loads(line))}
    except Exception as error:
        reply = {"error": repr(error)}
    print(json.dumps(reply))
