#include "open.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "arguments.h"
#include "device.h"
#include "namespace.h"

// Newer than Debian 12's linux/if_tun.h: UDP segmentation offload on a TUN device, Linux 6.2.
#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

constexpr size_t kPathLimit = 4095;
constexpr int64_t kBufferLimit = 1 << 30;

static napi_value Options(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value options;
  napi_get_cb_info(env, info, &count, &options, nullptr, nullptr);
  if (IsObject(env, options)) return options;
  ThrowType(env, "the options must be an object");
  return nullptr;
}

/// Closes the descriptor on the way out, unless it was handed on.
struct Descriptor {
  int fd = -1;
  ~Descriptor() {
    if (fd >= 0) close(fd);
  }
  int Release() {
    const int released = fd;
    fd = -1;
    return released;
  }
};

static int SetOption(int fd, int level, int name, int value) { return setsockopt(fd, level, name, &value, sizeof value); }

/// Beyond the system's limit where we have the right to, up to it otherwise.
static void SetBuffer(int fd, int forced, int plain, int octets) {
  if (SetOption(fd, SOL_SOCKET, forced, octets) != 0) SetOption(fd, SOL_SOCKET, plain, octets);
}

struct PacketOptions {
  std::string interface;
  std::string netns;
  bool receive;
  bool qdisc_bypass;
  bool timestamps;
  int64_t receive_buffer;
  int64_t send_buffer;
};

static bool ReadPacketOptions(napi_env env, napi_callback_info info, PacketOptions* o) {
  const napi_value options = Options(env, info);
  return options != nullptr && GetString(env, options, "interface", IFNAMSIZ - 1, &o->interface) &&
         GetOptionalString(env, options, "netns", kPathLimit, &o->netns) &&
         GetBoolean(env, options, "receive", true, &o->receive) &&
         GetBoolean(env, options, "qdiscBypass", false, &o->qdisc_bypass) &&
         GetBoolean(env, options, "timestamps", false, &o->timestamps) &&
         GetInteger(env, options, "receiveBufferOctets", 4096, kBufferLimit, 1 << 25, &o->receive_buffer) &&
         GetInteger(env, options, "sendBufferOctets", 4096, kBufferLimit, 1 << 25, &o->send_buffer);
}

napi_value OpenPacketSocket(napi_env env, napi_callback_info info) {
  PacketOptions o;
  if (!ReadPacketOptions(env, info, &o)) return nullptr;
  const std::string what = "packet socket on " + o.interface + (o.netns.empty() ? "" : " in " + o.netns);
  // Protocol 0: nothing arrives before every option is set. The namespace of a socket is that of its birth.
  Descriptor socket_fd;
  socket_fd.fd = InNamespace(o.netns, [](void*) {
    const int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return fd < 0 ? -errno : fd;
  }, nullptr);
  if (socket_fd.fd < 0) {
    ThrowSystem(env, what, -socket_fd.fd);
    return nullptr;
  }
  const int fd = socket_fd.fd;
  ifreq request = {};
  strncpy(request.ifr_name, o.interface.c_str(), IFNAMSIZ - 1);
  sockaddr_ll address = {};
  address.sll_family = AF_PACKET;
  address.sll_protocol = o.receive ? htons(ETH_P_ALL) : 0;
  bool ready = ioctl(fd, SIOCGIFINDEX, &request) == 0;
  address.sll_ifindex = request.ifr_ifindex;
  ready = ready && SetOption(fd, SOL_PACKET, PACKET_VNET_HDR, 1) == 0 && SetOption(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1) == 0 &&
          SetOption(fd, SOL_PACKET, PACKET_AUXDATA, 1) == 0;
  if (ready && o.qdisc_bypass) ready = SetOption(fd, SOL_PACKET, PACKET_QDISC_BYPASS, 1) == 0;
  if (ready && o.timestamps) ready = SetOption(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1) == 0;
  SetBuffer(fd, SO_RCVBUFFORCE, SO_RCVBUF, static_cast<int>(o.receive_buffer));
  SetBuffer(fd, SO_SNDBUFFORCE, SO_SNDBUF, static_cast<int>(o.send_buffer));
  ready = ready && bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  if (!ready) {
    ThrowSystem(env, what, errno);
    return nullptr;
  }
  return Device::Wrap(env, std::make_unique<Device>(DeviceKind::kPacketSocket, socket_fd.Release(), 0));
}

/// What the kernel may leave unfinished in what it hands us: as much as it accepts. 0 when not even checksums.
static uint32_t NegotiateOffloads(int fd) {
  const uint32_t wishes[] = {TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN | TUN_F_USO4 | TUN_F_USO6,
                             TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN, TUN_F_CSUM};
  for (const uint32_t wish : wishes) {
    if (ioctl(fd, TUNSETOFFLOAD, static_cast<unsigned long>(wish)) == 0) return wish;
  }
  return 0;
}

napi_value OpenTun(napi_env env, napi_callback_info info) {
  const napi_value options = Options(env, info);
  std::string name;
  std::string netns;
  if (options == nullptr || !GetString(env, options, "interface", IFNAMSIZ - 1, &name) || !GetOptionalString(env, options, "netns", kPathLimit, &netns)) return nullptr;
  const std::string what = "TUN device " + name + (netns.empty() ? "" : " in " + netns);
  Descriptor tun;
  tun.fd = InNamespace(netns, [](void*) {
    const int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
    return fd < 0 ? -errno : fd;
  }, nullptr);
  if (tun.fd < 0) {
    ThrowSystem(env, what, -tun.fd);
    return nullptr;
  }
  ifreq request = {};
  strncpy(request.ifr_name, name.c_str(), IFNAMSIZ - 1);
  request.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR;
  int header_octets = sizeof(VnetHeader);
  if (ioctl(tun.fd, TUNSETIFF, &request) != 0 || ioctl(tun.fd, TUNSETVNETHDRSZ, &header_octets) != 0) {
    ThrowSystem(env, what, errno);
    return nullptr;
  }
  const uint32_t offloads = NegotiateOffloads(tun.fd);
  return Device::Wrap(env, std::make_unique<Device>(DeviceKind::kTun, tun.Release(), offloads));
}

/// For batches of datagrams: no path MTU is learnt, nothing is fragmented, the time of arrival is kept.
static bool PrepareDatagrams(int fd, int domain, int64_t receive_buffer, int64_t send_buffer) {
  const bool v6 = domain == AF_INET6;
  SetBuffer(fd, SO_RCVBUFFORCE, SO_RCVBUF, static_cast<int>(receive_buffer));
  SetBuffer(fd, SO_SNDBUFFORCE, SO_SNDBUF, static_cast<int>(send_buffer));
  return SetOption(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1) == 0 &&
         (v6 ? SetOption(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE)
             : SetOption(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE)) == 0;
}

struct SocketOptions {
  std::string netns;
  std::string type;
  std::string local_address;
  std::string remote_address;
  int64_t local_port;
  int64_t remote_port;
  int64_t backlog;
  int domain;
};

static bool ReadSocketOptions(napi_env env, napi_callback_info info, SocketOptions* o) {
  const napi_value options = Options(env, info);
  int64_t family;
  if (options == nullptr || !GetOptionalString(env, options, "netns", kPathLimit, &o->netns) || !GetString(env, options, "type", 8, &o->type) ||
      !GetInteger(env, options, "family", 4, 6, 4, &family) ||
      !GetOptionalString(env, options, "localAddress", INET6_ADDRSTRLEN, &o->local_address) ||
      !GetInteger(env, options, "localPort", 0, 65535, 0, &o->local_port) ||
      !GetOptionalString(env, options, "remoteAddress", INET6_ADDRSTRLEN, &o->remote_address) ||
      !GetInteger(env, options, "remotePort", 0, 65535, 0, &o->remote_port) || !GetInteger(env, options, "backlog", 0, 4096, 0, &o->backlog)) {
    return false;
  }
  if (o->type != "udp" && o->type != "tcp") {
    ThrowType(env, "type must be udp or tcp");
    return false;
  }
  o->domain = family == 6 ? AF_INET6 : AF_INET;
  return true;
}

/// False when the text is no address of the family.
static bool ToSocketAddress(int domain, const std::string& text, int64_t port, sockaddr_storage* address, socklen_t* length) {
  memset(address, 0, sizeof *address);
  address->ss_family = static_cast<sa_family_t>(domain);
  if (domain == AF_INET6) {
    auto* v6 = reinterpret_cast<sockaddr_in6*>(address);
    v6->sin6_port = htons(static_cast<uint16_t>(port));
    *length = sizeof *v6;
    return text.empty() || inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) == 1;
  }
  auto* v4 = reinterpret_cast<sockaddr_in*>(address);
  v4->sin_port = htons(static_cast<uint16_t>(port));
  *length = sizeof *v4;
  return text.empty() || inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1;
}

/// A socket bound, listening and connecting as the options say; false with a pending exception. `prepare` comes before anything arrives.
template <typename Prepare>
static bool OpenPrepared(napi_env env, const SocketOptions& o, Descriptor* opened, Prepare prepare) {
  sockaddr_storage local;
  sockaddr_storage remote;
  socklen_t length;
  if (!ToSocketAddress(o.domain, o.local_address, o.local_port, &local, &length) || !ToSocketAddress(o.domain, o.remote_address, o.remote_port, &remote, &length)) {
    ThrowType(env, "not an address of the family");
    return false;
  }
  const std::string what = o.type + " socket" + (o.netns.empty() ? "" : " in " + o.netns);
  opened->fd = InNamespace(o.netns, [](void* data) {
    const auto* options = static_cast<const SocketOptions*>(data);
    const int fd = socket(options->domain, (options->type == "udp" ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return fd < 0 ? -errno : fd;
  }, const_cast<SocketOptions*>(&o));
  if (opened->fd < 0) {
    ThrowSystem(env, what, -opened->fd);
    return false;
  }
  const int fd = opened->fd;
  bool ready = prepare(fd);
  if (ready && (o.local_port != 0 || !o.local_address.empty())) {
    // For TCP it forgives connections that linger; for UDP it would let two listeners share a port.
    if (o.type == "tcp") ready = SetOption(fd, SOL_SOCKET, SO_REUSEADDR, 1) == 0;
    ready = ready && bind(fd, reinterpret_cast<sockaddr*>(&local), length) == 0;
  }
  if (ready && o.backlog > 0) ready = listen(fd, static_cast<int>(o.backlog)) == 0;
  if (ready && !o.remote_address.empty()) ready = connect(fd, reinterpret_cast<sockaddr*>(&remote), length) == 0 || errno == EINPROGRESS;
  if (!ready) ThrowSystem(env, what, errno);
  return ready;
}

napi_value OpenSocket(napi_env env, napi_callback_info info) {
  SocketOptions o;
  Descriptor opened;
  if (!ReadSocketOptions(env, info, &o) || !OpenPrepared(env, o, &opened, [](int) { return true; })) return nullptr;
  return ToNumber(env, opened.Release());
}

napi_value OpenDatagrams(napi_env env, napi_callback_info info) {
  SocketOptions o;
  Descriptor opened;
  int64_t receive_buffer;
  int64_t send_buffer;
  int64_t stamp_at;
  if (!ReadSocketOptions(env, info, &o)) return nullptr;
  const napi_value options = Options(env, info);
  if (!GetInteger(env, options, "receiveBufferOctets", 4096, kBufferLimit, 1 << 25, &receive_buffer) ||
      !GetInteger(env, options, "sendBufferOctets", 4096, kBufferLimit, 1 << 25, &send_buffer) ||
      !GetInteger(env, options, "stampAt", 0, 65535, -1, &stamp_at)) {
    return nullptr;
  }
  if (o.type != "udp") {
    ThrowType(env, "type must be udp");
    return nullptr;
  }
  const auto prepare = [&](int fd) { return PrepareDatagrams(fd, o.domain, receive_buffer, send_buffer); };
  if (!OpenPrepared(env, o, &opened, prepare)) return nullptr;
  auto device = std::make_unique<Device>(DeviceKind::kDatagrams, opened.Release(), 0);
  device->stamp_at = stamp_at;
  return Device::Wrap(env, std::move(device));
}
