// A packet socket, TUN device or UDP socket as a JavaScript object: its batches, readiness, statistics and end.
#pragma once

#include <node_api.h>
#include <sys/socket.h>

#include <cstdint>
#include <memory>

#include "poller.h"

/// What stands before each frame of a packet socket or TUN device (virtio_net_hdr; linux/virtio_net.h is not valid C++).
struct VnetHeader {
  uint8_t flags;
  uint8_t gso_type;
  uint16_t header_length;
  uint16_t gso_size;
  uint16_t checksum_start;
  uint16_t checksum_offset;
};
static_assert(sizeof(VnetHeader) == 10, "the kernel's layout");

constexpr uint8_t kNeedsChecksum = 1;  // VIRTIO_NET_HDR_F_NEEDS_CSUM
constexpr uint8_t kGsoNone = 0;
constexpr uint8_t kGsoTcp4 = 1;
constexpr uint8_t kGsoTcp6 = 4;
constexpr uint8_t kGsoUdp = 5;      // VIRTIO_NET_HDR_GSO_UDP_L4
constexpr uint8_t kGsoEcn = 0x80;

/// Frames of one system call.
constexpr uint32_t kBatchFrames = 64;
/// Octets of arena for each received frame: a superframe of 64 KiB with Ethernet header and VLAN tag fits.
constexpr uint32_t kSlotOctets = 65536 + 128;
/// Words of a descriptor of a received frame: offset, length, gsoType, gsoSize, checksumStart, checksumOffset, flags, seconds, nanoseconds.
constexpr uint32_t kReceiveWords = 9;
/// Words of a descriptor of a frame to send: gsoType, gsoSize, checksumStart, checksumOffset.
constexpr uint32_t kSendWords = 4;

constexpr uint32_t kFlagTruncated = 1;

/// Datagrams are UDP payloads: nothing stands before them.
enum class DeviceKind { kPacketSocket, kTun, kDatagrams };

struct Statistics {
  uint64_t received = 0;
  uint64_t kernel_drops = 0;
  uint64_t sent = 0;
  /// The kernel would not take the frame as it is: longer than the MTU, or a contradictory offload.
  uint64_t refused = 0;
  /// The frame was good and the kernel had no room, or the interface was down.
  uint64_t dropped = 0;
};

struct BatchMemory;

class Device {
 public:
  Device(DeviceKind kind, int fd, uint32_t offloads);
  ~Device();

  /// The object for JavaScript, which owns the device from now on; null with a pending exception.
  static napi_value Wrap(napi_env env, std::unique_ptr<Device> device);
  /// The class that every environment keeps for Wrap.
  static bool Define(napi_env env, napi_value* constructor);

  /// Fills slots of the arena; the number of frames, or a negative errno.
  int Receive(uint8_t* arena, uint32_t* descriptors, uint32_t slots);
  /// Takes frames in order until the kernel wants to be asked again; the number done with, or a negative errno.
  int Send(const struct Frame* frames, uint32_t count);
  /// Adds what the kernel counted since the last call.
  void CountKernelDrops();

  const DeviceKind kind;
  const uint32_t offloads;
  int fd;
  /// Where each datagram gets the time at which it is sent; negative: it gets none.
  int64_t stamp_at = -1;
  Statistics statistics;
  Poller poller;

 private:
  int ReceiveMessages(uint8_t* arena, uint32_t* descriptors, uint32_t slots);
  int ReceiveTun(uint8_t* arena, uint32_t* descriptors, uint32_t slots);
  std::unique_ptr<BatchMemory> memory_;
};

/// A frame to send. `octets` must stay where it is during Send.
struct Frame {
  const uint8_t* octets;
  size_t length;
  const uint32_t* descriptor;
};
