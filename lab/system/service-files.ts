/** The files of a node's services, as illumos has them, and those of racoon as Linux has them. */
export const IPSECINIT = '/etc/inet/ipsecinit.conf';
export const IPSECKEYS = '/etc/inet/secret/ipseckeys';
export const IKE_CONFIG = '/etc/inet/ike/config';
export const IKE_PRESHARED = '/etc/inet/secret/ike.preshared';
export const IKE_PRIVATE_KEYS = '/etc/inet/secret/ike.privatekeys';
export const IKE_PUBLIC_KEYS = '/etc/inet/ike/publickeys';
export const IKE_CRLS = '/etc/inet/ike/crls';
export const RACOON_CONF = '/etc/racoon/racoon.conf';
export const RACOON_SECRETS = '/etc/racoon/psk.txt';
export const RACOON_CERTIFICATES = '/etc/racoon/certs';
export const SETKEY_CONF = '/etc/racoon/setkey.conf';
export const IPF_CONF = '/etc/ipf/ipf.conf';
export const IPF6_CONF = '/etc/ipf/ipf6.conf';
