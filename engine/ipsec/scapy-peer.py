#!/usr/bin/python3
"""The other implementation in scapy.test.ts: seals and opens ESP with scapy. JSON lines in, one JSON line out for each."""
import json
import logging
import struct
import sys

logging.getLogger("scapy").setLevel(logging.ERROR)
from scapy.layers.inet import IP
from scapy.layers.inet6 import IPv6
from scapy.layers.ipsec import AuthAlgo, ESP, IPSecIntegrityError, SecurityAssociation
from scapy.packet import raw


class EsnAuth(AuthAlgo):
    """Scapy leaves the high half of the sequence number out of ESP's ICV; RFC 4303 section 2.2.1 puts it behind the packet."""

    def __init__(self, plain, high):
        super().__init__(plain.name, plain.mac, plain.digestmod, plain.icv_size, plain.key_size)
        self.high = struct.pack("!L", high)

    def icv(self, octets, key):
        mac = self.new_mac(key)
        mac.update(octets + self.high)
        return mac.finalize()[: self.icv_size]

    def sign(self, pkt, key, **_):
        pkt[ESP].data += self.icv(raw(pkt[ESP]), key)
        return pkt

    def verify(self, pkt, key, **_):
        octets = raw(pkt)
        if self.icv(octets[: -self.icv_size], key) != octets[-self.icv_size :]:
            raise IPSecIntegrityError("ICV")


def ip(octets):
    return (IP if octets[0] >> 4 == 4 else IPv6)(octets)


def association(q):
    tunnel = None
    if q["mode"] == "tunnel":
        tunnel = (IPv6 if ":" in q["source"] else IP)(src=q["source"], dst=q["destination"])
    sa = SecurityAssociation(
        ESP,
        spi=q["spi"],
        crypt_algo=q["cryptAlgo"],
        crypt_key=bytes.fromhex(q["encryptionKey"]),
        auth_algo=q["authAlgo"],
        auth_key=bytes.fromhex(q["integrityKey"]) if q["authAlgo"] else None,
        tunnel_header=tunnel,
        esn_en=q["esn"],
        esn=q["high"],
    )
    if q["esn"] and q["authAlgo"]:
        sa.auth_algo = EsnAuth(sa.auth_algo, q["high"])
    return sa


def answer(q):
    packet = ip(bytes.fromhex(q["packet"]))
    if q["do"] == "seal":
        return raw(association(q).encrypt(packet, seq_num=q["low"])).hex()
    return raw(association(q).decrypt(packet)).hex()


for line in sys.stdin:
    try:
        reply = {"packet": answer(json.loads(line))}
    except Exception as error:
        reply = {"error": repr(error)}
    print(json.dumps(reply))
