#!/bin/sh
# two-sites: Two sites, one of three networks secret
# Written by: lab export. The network of the topology, of plain Linux nodes; nothing in it reaches beyond it.
# alice, bob: without IPsec: what their policies protect or discard is dropped instead.
# The checks are not in it.
#
#   sh FILE up      makes it, whole or not at all; as root, or in: unshare -Urnm, with a tmpfs on /run
#   sh FILE down    removes it
#   ip netns exec two-sites-alice ping ...

set -eu
lab=${LAB:-two-sites}
nodes='alice bob a1 b1 b2'

# ip in the namespace of a node
on() { node=$1; shift; ip -n "$lab-$node" "$@"; }
# a setting below /proc/sys/net of a node, where the kernel has it
setting() {
  ip netns exec "$lab-$1" sh -c 'if [ -e "/proc/sys/net/$1" ]; then echo "$2" >"/proc/sys/net/$1"; fi' - "$2" "$3"
}
# the namespaces go, and with them all that is in them
down() { for node in $nodes; do ip netns del "$lab-$node" 2>/dev/null || true; done; }

case "${1:-}" in
  up) ;;
  down) down; exit 0 ;;
  *) echo "usage: sh $0 up|down" >&2; exit 2 ;;
esac
for node in $nodes; do
  [ ! -e "/run/netns/$lab-$node" ] || { echo "$lab-$node is there already; LAB=NAME gives another name" >&2; exit 1; }
done
trap down EXIT # what is half made is removed
for node in $nodes; do ip netns add "$lab-$node"; on "$node" link set dev lo up; done

ip link add name eth0 netns "$lab-a1" type veth peer name net1 netns "$lab-alice" # lan-a
ip link add name net0 netns "$lab-alice" type veth peer name net0 netns "$lab-bob" # wan
ip link add name eth0 netns "$lab-b1" type veth peer name net1 netns "$lab-bob" # lan-b
ip link add name eth0 netns "$lab-b2" type veth peer name net2 netns "$lab-bob" # lan-c

# alice
setting alice ipv4/ip_forward 1
setting alice ipv6/conf/all/forwarding 1
setting alice ipv4/conf/all/rp_filter 0
setting alice ipv4/conf/net0/rp_filter 0
setting alice ipv4/conf/net1/rp_filter 0
setting alice ipv4/conf/loop0/rp_filter 0
on alice rule add priority 1000 from 10.0.0.0/24 to 10.0.0.0/24 lookup main
on alice rule add priority 1001 iif lo to 10.0.0.0/24 lookup main
on alice rule add priority 1002 from 10.0.0.0/24 to 10.1.0.0/24 blackhole
on alice rule add priority 1003 iif lo to 10.1.0.0/24 blackhole
on alice rule add priority 1004 from 10.1.0.0/24 to 10.0.0.0/24 blackhole
on alice rule add priority 1005 from 10.0.0.0/24 to 10.2.0.7/32 blackhole
on alice rule add priority 1006 iif lo to 10.2.0.7/32 blackhole
on alice rule add priority 1007 from 10.2.0.7/32 to 10.0.0.0/24 blackhole
on alice rule add priority 1008 from 10.0.0.0/24 to 10.2.0.8/31 blackhole
on alice rule add priority 1009 iif lo to 10.2.0.8/31 blackhole
on alice rule add priority 1010 from 10.2.0.8/31 to 10.0.0.0/24 blackhole
on alice addr add 192.0.2.1/24 dev net0
on alice link set dev net0 up
on alice addr add 10.0.0.1/24 dev net1
on alice addr add 2001:db8:a::1/64 dev net1 nodad
on alice link set dev net1 up
on alice link add name loop0 type bridge
on alice addr add 198.51.100.1/32 dev loop0
on alice link set dev loop0 up
on alice route replace 0.0.0.0/0 via 192.0.2.2 dev net0

# bob
setting bob ipv4/ip_forward 1
setting bob ipv6/conf/all/forwarding 1
setting bob ipv4/conf/all/rp_filter 0
setting bob ipv4/conf/net0/rp_filter 0
setting bob ipv4/conf/net1/rp_filter 0
setting bob ipv4/conf/net2/rp_filter 0
on bob rule add priority 1000 from 10.1.0.0/24 to 10.0.0.0/24 blackhole
on bob rule add priority 1001 iif lo to 10.0.0.0/24 blackhole
on bob rule add priority 1002 from 10.0.0.0/24 to 10.1.0.0/24 blackhole
on bob rule add priority 1003 from 10.2.0.7/32 to 10.0.0.0/24 blackhole
on bob rule add priority 1004 from 10.0.0.0/24 to 10.2.0.7/32 blackhole
on bob rule add priority 1005 from 10.2.0.8/31 to 10.0.0.0/24 blackhole
on bob rule add priority 1006 from 10.0.0.0/24 to 10.2.0.8/31 blackhole
on bob addr add 192.0.2.2/24 dev net0
on bob link set dev net0 up
on bob link set dev net1 mtu 1400
on bob addr add 10.1.0.1/24 dev net1
on bob addr add 2001:db8:b::1/64 dev net1 nodad
on bob link set dev net1 up
on bob addr add 10.2.0.1/24 dev net2
on bob link set dev net2 up
on bob route replace 0.0.0.0/0 via 192.0.2.1 dev net0

# a1
setting a1 ipv4/conf/all/rp_filter 0
setting a1 ipv4/conf/eth0/rp_filter 0
on a1 addr add 10.0.0.2/24 dev eth0
on a1 addr add 2001:db8:a::2/64 dev eth0 nodad
on a1 link set dev eth0 up
on a1 route replace 0.0.0.0/0 via 10.0.0.1 dev eth0
on a1 -6 route replace ::/0 via 2001:db8:a::1 dev eth0

# b1
setting b1 ipv4/conf/all/rp_filter 0
setting b1 ipv4/conf/eth0/rp_filter 0
on b1 link set dev eth0 mtu 1400
on b1 addr add 10.1.0.2/24 dev eth0
on b1 addr add 2001:db8:b::2/64 dev eth0 nodad
on b1 link set dev eth0 up
on b1 route replace 0.0.0.0/0 via 10.1.0.1 dev eth0
on b1 -6 route replace ::/0 via 2001:db8:b::1 dev eth0

# b2
setting b2 ipv4/conf/all/rp_filter 0
setting b2 ipv4/conf/eth0/rp_filter 0
on b2 addr add 10.2.0.2/24 dev eth0
on b2 addr add 10.2.0.8/24 dev eth0
on b2 link set dev eth0 up
on b2 route replace 0.0.0.0/0 via 10.2.0.1 dev eth0

tc -n "$lab-alice" qdisc add dev net0 root netem delay 20000us loss 1% ||
  echo "no netem here: wan is a perfect wire from alice" >&2
trap - EXIT
