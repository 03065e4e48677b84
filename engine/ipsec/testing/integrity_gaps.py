"""Integrity algorithms that scapy 2.5 lacks, made of the primitives of python's cryptography; under the names of our suites."""
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, aead, algorithms, modes
from cryptography.hazmat.primitives.hmac import HMAC
from scapy.layers.ipsec import AH, AUTH_ALGOS, AuthAlgo, IPSecIntegrityError, zero_mutable_fields
from scapy.packet import raw


class Xcbc(AuthAlgo):
    """AES-XCBC-MAC-96, RFC 3566."""

    def __init__(self):
        super().__init__("AES-XCBC-96", mac=HMAC, digestmod=hashes.SHA1, icv_size=12, key_size=(16,))

    def new_mac(self, key):
        return XcbcMac(key)


class XcbcMac:
    def __init__(self, key):
        self.k1, self.k2, self.k3 = (self.cbc(key, bytes([n]) * 16) for n in (1, 2, 3))
        self.message = b""

    @staticmethod
    def cbc(key, blocks):
        encryptor = Cipher(algorithms.AES(key), modes.CBC(bytes(16))).encryptor()
        return encryptor.update(blocks) + encryptor.finalize()

    def update(self, octets):
        self.message += octets

    def finalize(self):
        message, mask = self.message, self.k2
        if not message or len(message) % 16:
            message, mask = message + b"\x80" + bytes(-(len(message) + 1) % 16), self.k3
        last = bytes(a ^ b for a, b in zip(message[-16:], mask))
        return self.cbc(self.k1, message[:-16] + last)[-16:]


class AhGmac(AuthAlgo):
    """AES-GMAC in AH, RFC 4543 section 4: the ICV field is an IV, here the sequence number, and the tag."""

    def __init__(self):
        super().__init__("AES-GMAC", mac=HMAC, digestmod=hashes.SHA1, icv_size=24)

    def covered(self, clone, iv, esn_en, esn):
        clone[AH].icv = iv + bytes(16)
        return raw(clone) + (struct.pack("!L", esn) if esn_en else b"")

    def sign(self, pkt, key, esn_en=False, esn=0):
        iv = struct.pack("!LL", esn if esn_en else 0, pkt[AH].seq)
        octets = self.covered(zero_mutable_fields(pkt.copy(), sending=True), iv, esn_en, esn)
        pkt[AH].icv = iv + aead.AESGCM(key[:-4]).encrypt(key[-4:] + iv, b"", octets)
        return pkt

    def verify(self, pkt, key, esn_en=False, esn=0):
        field = pkt[AH].icv
        pkt[AH].icv, pkt[AH].padding = field[:24], field[24:]
        octets = self.covered(zero_mutable_fields(pkt.copy(), sending=False), field[:8], esn_en, esn)
        try:
            aead.AESGCM(key[:-4]).decrypt(key[-4:] + field[:8], field[8:24], octets)
        except InvalidTag as error:
            raise IPSecIntegrityError(error)


def fill():
    """Makes scapy know them."""
    AUTH_ALGOS["md5_128"] = AuthAlgo("md5_128", mac=HMAC, digestmod=hashes.MD5, icv_size=16)
    AUTH_ALGOS["sha1_160"] = AuthAlgo("sha1_160", mac=HMAC, digestmod=hashes.SHA1, icv_size=20)
    AUTH_ALGOS["sha256_96"] = AuthAlgo("sha256_96", mac=HMAC, digestmod=hashes.SHA256, icv_size=12)
    AUTH_ALGOS["aesxcbc"] = Xcbc()
    for bits in (128, 192, 256):
        AUTH_ALGOS["aes%dgmac" % bits] = AhGmac()
