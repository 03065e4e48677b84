// Many frames for one system call (recvmmsg, sendmmsg), with their virtio headers. A TUN device has no such call: one
// read or write a packet there, until there is no more.
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/sock_diag.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <cstring>

#include "device.h"

constexpr uint32_t kTagOctets = 4;
constexpr uint32_t kMacOctets = 12;
constexpr uint32_t kEthernetOctets = 14;

struct BatchMemory {
  mmsghdr messages[kBatchFrames];
  iovec vectors[kBatchFrames][2];
  VnetHeader headers[kBatchFrames];
  alignas(cmsghdr) uint8_t control[kBatchFrames][CMSG_SPACE(sizeof(tpacket_auxdata)) + CMSG_SPACE(sizeof(timespec))];
};

static int64_t Nanoseconds(const timespec& time) { return static_cast<int64_t>(time.tv_sec) * 1000000000 + time.tv_nsec; }

static int64_t Clock(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return Nanoseconds(now);
}

Device::Device(DeviceKind kind, int fd, uint32_t offloads) : kind(kind), offloads(offloads), fd(fd), memory_(new BatchMemory) {}

Device::~Device() {
  if (fd >= 0) close(fd);
}

int Device::Receive(uint8_t* arena, uint32_t* descriptors, uint32_t slots) {
  const int count = kind == DeviceKind::kTun ? ReceiveTun(arena, descriptors, slots) : ReceiveMessages(arena, descriptors, slots);
  if (count > 0) statistics.received += static_cast<uint64_t>(count);
  return count;
}

static void Describe(uint32_t* words, uint32_t offset, uint32_t length, const VnetHeader& header, uint32_t shift) {
  const bool partial = (header.flags & kNeedsChecksum) != 0;
  words[0] = offset;
  words[1] = length;
  words[2] = header.gso_type & ~kGsoEcn;
  words[3] = header.gso_type == kGsoNone ? 0 : header.gso_size;
  words[4] = partial ? header.checksum_start + shift : 0;
  words[5] = partial ? header.checksum_offset : 0;
  words[6] = 0;
  words[7] = 0;
  words[8] = 0;
}

/// Puts the VLAN tag that the kernel took out of the frame back, into the four octets before it. Returns how many.
static uint32_t RestoreTag(uint8_t* frame, uint32_t length, const tpacket_auxdata& aux) {
  if ((aux.tp_status & TP_STATUS_VLAN_VALID) == 0 || length < kMacOctets) return 0;
  const uint16_t tpid = (aux.tp_status & TP_STATUS_VLAN_TPID_VALID) != 0 ? aux.tp_vlan_tpid : ETH_P_8021Q;
  memmove(frame - kTagOctets, frame, kMacOctets);
  uint8_t* tag = frame - kTagOctets + kMacOctets;
  tag[0] = static_cast<uint8_t>(tpid >> 8);
  tag[1] = static_cast<uint8_t>(tpid);
  tag[2] = static_cast<uint8_t>(aux.tp_vlan_tci >> 8);
  tag[3] = static_cast<uint8_t>(aux.tp_vlan_tci);
  return kTagOctets;
}

/// By how much the clock of the kernel's stamps is ahead of the monotonic one, to within what two readings take: of a few attempts, since
/// the thread may be interrupted in between.
static int64_t StampsAhead() {
  int64_t ahead = 0;
  int64_t best = INT64_MAX;
  for (int attempt = 0; attempt < 4 && best > 1000; attempt++) {
    const int64_t before = Clock(CLOCK_MONOTONIC);
    const int64_t stamp = Clock(CLOCK_REALTIME);
    const int64_t took = Clock(CLOCK_MONOTONIC) - before;
    if (took >= best) continue;
    best = took;
    ahead = stamp - before - took / 2;
  }
  return ahead;
}

int Device::ReceiveMessages(uint8_t* arena, uint32_t* descriptors, uint32_t slots) {
  BatchMemory& m = *memory_;
  if (slots > kBatchFrames) slots = kBatchFrames;
  const uint32_t header_octets = kind == DeviceKind::kPacketSocket ? sizeof(VnetHeader) : 0;
  for (uint32_t i = 0; i < slots; i++) {
    m.headers[i] = {};
    m.vectors[i][0] = {&m.headers[i], header_octets};
    m.vectors[i][1] = {arena + static_cast<size_t>(i) * kSlotOctets + kTagOctets, kSlotOctets - kTagOctets};
    m.messages[i] = {};
    m.messages[i].msg_hdr.msg_iov = m.vectors[i];
    m.messages[i].msg_hdr.msg_iovlen = 2;
    m.messages[i].msg_hdr.msg_control = m.control[i];
    m.messages[i].msg_hdr.msg_controllen = sizeof m.control[i];
  }
  int count;
  do {
    count = recvmmsg(fd, m.messages, slots, MSG_DONTWAIT, nullptr);
  } while (count < 0 && errno == EINTR);
  if (count < 0) {
    // An interface that goes down reports it once and receives again when it is up.
    return errno == EAGAIN || errno == ENETDOWN ? 0 : -errno;
  }
  const int64_t ahead = kind == DeviceKind::kDatagrams && count > 0 ? StampsAhead() : 0;
  for (int i = 0; i < count; i++) {
    msghdr& message = m.messages[i].msg_hdr;
    const uint32_t received = m.messages[i].msg_len;
    uint32_t length = received > header_octets ? received - header_octets : 0;
    uint32_t offset = static_cast<uint32_t>(i) * kSlotOctets + kTagOctets;
    uint32_t shift = 0;
    timespec stamp = {};
    for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
      if (c->cmsg_level == SOL_PACKET && c->cmsg_type == PACKET_AUXDATA) {
        tpacket_auxdata aux;
        memcpy(&aux, CMSG_DATA(c), sizeof aux);
        shift = RestoreTag(arena + offset, length, aux);
      } else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
        memcpy(&stamp, CMSG_DATA(c), sizeof stamp);
      }
    }
    offset -= shift;
    length += shift;
    uint32_t* words = descriptors + static_cast<size_t>(i) * kReceiveWords;
    Describe(words, offset, length, m.headers[i], shift);
    if ((message.msg_flags & MSG_TRUNC) != 0) words[6] |= kFlagTruncated;
    const int64_t at = Nanoseconds(stamp) > ahead ? Nanoseconds(stamp) - ahead : 0;
    words[7] = static_cast<uint32_t>(at / 1000000000);
    words[8] = static_cast<uint32_t>(at % 1000000000);
  }
  return count;
}

int Device::ReceiveTun(uint8_t* arena, uint32_t* descriptors, uint32_t slots) {
  uint32_t count = 0;
  while (count < slots && count < kBatchFrames) {
    const uint32_t offset = count * kSlotOctets;
    VnetHeader header = {};
    const iovec vector[2] = {{&header, sizeof header}, {arena + offset, kSlotOctets}};
    const ssize_t received = readv(fd, vector, 2);
    if (received < 0 && errno == EINTR) continue;
    if (received < 0 && count == 0 && errno != EAGAIN && errno != EIO) return -errno;
    if (received < static_cast<ssize_t>(sizeof header)) break;
    Describe(descriptors + static_cast<size_t>(count) * kReceiveWords, offset, static_cast<uint32_t>(received - sizeof header), header, 0);
    count++;
  }
  return static_cast<int>(count);
}

/// The virtio header of a frame to send; false when the descriptor contradicts the frame.
static bool PrepareHeader(const Frame& frame, VnetHeader* header) {
  const uint32_t type = frame.descriptor[0];
  const uint32_t size = frame.descriptor[1];
  const uint32_t start = frame.descriptor[2];
  const uint32_t offset = frame.descriptor[3];
  *header = {};
  if (start == 0) return type == kGsoNone;
  if (start > frame.length || offset > frame.length - start || frame.length - start - offset < 2 || start > 0xffff) return false;
  header->flags = kNeedsChecksum;
  header->checksum_start = static_cast<uint16_t>(start);
  header->checksum_offset = static_cast<uint16_t>(offset);
  if (type == kGsoNone) return true;
  if (size == 0 || size > 0xffff) return false;
  header->gso_size = static_cast<uint16_t>(size);
  header->gso_type = static_cast<uint8_t>(type);
  const size_t transport = frame.length - start;
  if (type == kGsoUdp) {
    header->header_length = static_cast<uint16_t>(start + 8);
    return transport >= 8;
  }
  if ((type != kGsoTcp4 && type != kGsoTcp6) || transport < 20) return false;
  const uint32_t tcp_octets = static_cast<uint32_t>(frame.octets[start + 12] >> 4) * 4;
  if (tcp_octets < 20 || tcp_octets > transport) return false;
  header->header_length = static_cast<uint16_t>(start + tcp_octets);
  if ((frame.octets[start + 13] & 0x80) != 0) header->gso_type |= kGsoEcn;  // CWR stands on the first segment only
  return true;
}

enum class Outcome { kDone, kSkip, kAskAgain, kBroken };

static Outcome Judge(int error, Statistics* statistics) {
  switch (error) {
    case EAGAIN:
      return Outcome::kAskAgain;
    case EMSGSIZE:
    case EINVAL:
      statistics->refused++;
      return Outcome::kSkip;
    case ENOBUFS:
    case ENOMEM:
    case ENETDOWN:
    case ENXIO:
    case EIO:
    case ECONNREFUSED:  // of datagrams: an ICMP error that came for an earlier one
    case EHOSTUNREACH:
    case ENETUNREACH:
      statistics->dropped++;
      return Outcome::kSkip;
    default:
      return Outcome::kBroken;
  }
}

constexpr int64_t kStampOctets = 8;

/// Nanoseconds of the monotonic clock, big-endian.
static void Stamp(uint8_t* octets) {
  const auto now = static_cast<uint64_t>(Clock(CLOCK_MONOTONIC));
  for (int i = 0; i < kStampOctets; i++) octets[i] = static_cast<uint8_t>(now >> (56 - 8 * i));
}

int Device::Send(const Frame* frames, uint32_t count) {
  BatchMemory& m = *memory_;
  const size_t header_octets = kind == DeviceKind::kDatagrams ? 0 : sizeof(VnetHeader);
  // The time in one datagram would not be that of the next: each has a system call of its own.
  const uint32_t batch = stamp_at < 0 ? kBatchFrames : 1;
  uint32_t done = 0;
  while (done < count) {
    uint32_t prepared = 0;
    while (prepared < batch && done + prepared < count) {
      const Frame& frame = frames[done + prepared];
      if ((kind == DeviceKind::kPacketSocket && frame.length < kEthernetOctets) || !PrepareHeader(frame, &m.headers[prepared])) break;
      auto* octets = const_cast<uint8_t*>(frame.octets);
      if (stamp_at >= 0) {
        if (frame.length < static_cast<size_t>(stamp_at + kStampOctets)) break;
        Stamp(octets + stamp_at);
      }
      m.vectors[prepared][0] = {&m.headers[prepared], header_octets};
      m.vectors[prepared][1] = {octets, frame.length};
      m.messages[prepared] = {};
      m.messages[prepared].msg_hdr.msg_iov = m.vectors[prepared];
      m.messages[prepared].msg_hdr.msg_iovlen = 2;
      prepared++;
    }
    if (prepared == 0) {
      statistics.refused++;
      done++;
      continue;
    }
    int sent;
    if (kind == DeviceKind::kTun) {
      sent = writev(fd, m.vectors[0], 2) < 0 ? -1 : 1;
    } else {
      sent = sendmmsg(fd, m.messages, prepared, MSG_DONTWAIT);
    }
    if (sent > 0) {
      statistics.sent += static_cast<uint64_t>(sent);
      done += static_cast<uint32_t>(sent);
      continue;
    }
    if (errno == EINTR) continue;
    const int error = errno;
    const Outcome outcome = Judge(error, &statistics);
    if (outcome == Outcome::kBroken) return -error;
    if (outcome == Outcome::kAskAgain) break;
    done++;
  }
  return static_cast<int>(done);
}

void Device::CountKernelDrops() {
  if (fd < 0) return;
  if (kind == DeviceKind::kDatagrams) {
    uint32_t memory[SK_MEMINFO_VARS] = {};
    socklen_t octets = sizeof memory;
    // Counts from the socket's beginning, modulo 2^32.
    if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, memory, &octets) == 0) statistics.kernel_drops = memory[SK_MEMINFO_DROPS];
  }
  if (kind != DeviceKind::kPacketSocket) return;
  tpacket_stats counted = {};
  socklen_t length = sizeof counted;
  if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &counted, &length) == 0) statistics.kernel_drops += counted.tp_drops;
}
