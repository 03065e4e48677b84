#!/usr/bin/python3
"""The other implementation in ah-trials.ts: puts AH into packets and verifies it with scapy.

The algorithms that scapy 2.5 lacks are those of integrity_gaps.py.
"""
from scapy_peer import association, serve  # first: it silences scapy's warnings
from scapy.layers.ipsec import AH
from scapy.packet import raw


def seal(q, packet):
    return raw(association(AH, q).encrypt(packet, seq_num=q["low"]))


def open(q, packet):
    packet[AH].spi  # decrypt() asks the outermost layer for it, which knows only that of what is inside
    return raw(association(AH, q).decrypt(packet))


serve(seal, open)
