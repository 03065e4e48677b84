#!/usr/bin/python3
"""The other implementation in esp-trials.ts: seals and opens ESP with scapy.

What scapy 2.5 does wrong or does not have is done here with the primitives of python's cryptography, inside scapy's packets:
- the high half of an extended sequence number in a separate ICV (scapy leaves it out): EsnAuth
- AES-GCM with 8 or 12 octets of ICV, AES-GMAC, implicit IVs: Combined
- Camellia-CBC; the integrity algorithms of integrity_gaps.py
"""
import struct

from scapy_peer import association, serve  # first: it silences scapy's warnings
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, aead, algorithms, modes
from scapy.layers.ipsec import CRYPT_ALGOS, ESP, AuthAlgo, CryptAlgo, IPSecIntegrityError, _ESPPlain
from scapy.packet import raw


class Combined(CryptAlgo):
    """Combined modes that scapy lacks. `kind`: gcm, ccm, chacha20poly1305 or gmac."""

    def __init__(self, kind, icv_size, salt_size, implicit):
        super().__init__(kind, None, None, 1, 0 if implicit else 8, None, icv_size, salt_size)
        self.is_aead = True

    def inputs(self, sa, esp, iv, esn_en, esn):
        high = esn if esn_en else 0
        nonce = sa.crypt_salt + (iv or struct.pack("!LL", high, esp.seq))
        numbers = (esp.spi, esn, esp.seq) if esn_en else (esp.spi, esp.seq)
        return nonce, struct.pack("!%dL" % len(numbers), *numbers)

    def encrypt(self, sa, esp, key, icv_size=None, esn_en=False, esn=0):
        nonce, aad = self.inputs(sa, esp, esp.iv, esn_en, esn)
        text = esp.data_for_encryption()
        if self.name == "gcm":
            encryptor = Cipher(algorithms.AES(key), modes.GCM(nonce)).encryptor()
            encryptor.authenticate_additional_data(aad)
            sealed = encryptor.update(text) + encryptor.finalize() + encryptor.tag[: self.icv_size]
        elif self.name == "gmac":
            sealed = text + aead.AESGCM(key).encrypt(nonce, b"", aad + esp.iv + text)
        else:
            sealed = self.whole(key).encrypt(nonce, text, aad)
        return ESP(spi=esp.spi, seq=esp.seq, data=esp.iv + sealed)

    def decrypt(self, sa, esp, key, icv_size=None, esn_en=False, esn=0):
        iv, sealed = esp.data[: self.iv_size], esp.data[self.iv_size :]
        text, icv = sealed[: -self.icv_size], sealed[-self.icv_size :]
        nonce, aad = self.inputs(sa, esp, iv, esn_en, esn)
        try:
            if self.name == "gcm":
                mode = modes.GCM(nonce, icv, min_tag_length=self.icv_size)
                decryptor = Cipher(algorithms.AES(key), mode).decryptor()
                decryptor.authenticate_additional_data(aad)
                text = decryptor.update(text) + decryptor.finalize()
            elif self.name == "gmac":
                aead.AESGCM(key).decrypt(nonce, icv, aad + iv + text)
            else:
                text = self.whole(key).decrypt(nonce, sealed, aad)
        except InvalidTag as error:
            raise IPSecIntegrityError(error)
        padlen = text[-2]
        end = len(text) - 2 - padlen
        return _ESPPlain(
            spi=esp.spi, seq=esp.seq, iv=iv, data=text[:end], padding=text[end:-2], padlen=padlen, nh=text[-1], icv=icv
        )

    def whole(self, key):
        if self.name == "ccm":
            return aead.AESCCM(key, tag_length=self.icv_size)
        return aead.ChaCha20Poly1305(key)


class EsnAuth(AuthAlgo):
    """Scapy leaves the high half of the sequence number out of ESP's ICV; RFC 4303 section 2.2.1 puts it behind the packet."""

    def __init__(self, plain, high):
        super().__init__(plain.name, plain.mac, plain.digestmod, plain.icv_size, plain.key_size)
        self.plain = plain
        self.high = struct.pack("!L", high)

    def icv(self, octets, key):
        mac = self.plain.new_mac(key)
        mac.update(octets + self.high)
        return mac.finalize()[: self.icv_size]

    def sign(self, pkt, key, **_):
        pkt[ESP].data += self.icv(raw(pkt[ESP]), key)
        return pkt

    def verify(self, pkt, key, **_):
        octets = raw(pkt)
        if self.icv(octets[: -self.icv_size], key) != octets[-self.icv_size :]:
            raise IPSecIntegrityError("ICV")


CRYPT_ALGOS["CAMELLIA-CBC"] = CryptAlgo("CAMELLIA-CBC", cipher=algorithms.Camellia, mode=modes.CBC)


def crypt_algo(q):
    """Scapy's own where it has one."""
    if q["scapyCipher"]:
        return q["scapyCipher"]
    if q["cipher"].startswith("camellia"):
        return "CAMELLIA-CBC"
    name = "%(kind)s %(icvOctets)d %(implicitIv)s" % q
    if name not in CRYPT_ALGOS:
        CRYPT_ALGOS[name] = Combined(q["kind"], q["icvOctets"], q["saltOctets"], q["implicitIv"])
    return name


def esp_association(q):
    sa = association(
        ESP,
        q,
        crypt_algo=crypt_algo(q),
        crypt_key=bytes.fromhex(q["encryptionKey"]),
        crypt_icv_size=q["icvOctets"] or None,
    )
    if q["esn"] and q["auth"]:
        sa.auth_algo = EsnAuth(sa.auth_algo, q["high"])
    return sa


def seal(q, packet):
    return raw(esp_association(q).encrypt(packet, seq_num=q["low"], iv=bytes.fromhex(q["iv"])))


def open(q, packet):
    return raw(esp_association(q).decrypt(packet))


serve(seal, open)
