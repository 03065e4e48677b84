/**
 * What a kernel leaves to be finished when it hands over a frame: a transport checksum that holds only the pseudo-header
 * sum, and a superframe that stands for many packets (virtio_net_hdr, linux/virtio_net.h). Offsets count octets from the
 * first octet of the Ethernet frame (of the IP packet where there is no Ethernet header).
 */
export interface Offload {
  /** Where the unfinished checksum's coverage begins and where its field stands in it; null when it is finished. */
  readonly checksum: { readonly start: number; readonly offset: number } | null;
  /** Set when the frame is a superframe: each packet cut from it carries `sizeOctets` of transport payload (the last may be shorter). */
  readonly segments: { readonly kind: 'tcp4' | 'tcp6' | 'udp'; readonly sizeOctets: number } | null;
}
