/*
 * For LD_PRELOAD under a key daemon, on a kernel that has no ESP and no AH: the SAs that the kernel refuses for that alone
 * ("Protocol not supported"), or since it lacks their algorithm ("Function not implemented"), it seems to accept. Each SA that the daemon would have installed is written to the file that
 * XFRM_STAND_IN_LOG names, as a line of JSON, with its keys. So a negotiation comes to its end and its keys can be compared; no
 * packet is ever carried by it. Where the kernel accepts SAs, nothing is different.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/xfrm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

static int is_xfrm(int fd) {
  int domain, protocol;
  socklen_t length = sizeof domain;
  if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) != 0 || domain != AF_NETLINK) return 0;
  length = sizeof protocol;
  return getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &length) == 0 && protocol == NETLINK_XFRM;
}

static void put_key(FILE *out, const char *name, const char *key, unsigned bits) {
  fprintf(out, ",\"%s\":\"", name);
  for (unsigned i = 0; i < bits / 8; i++) fprintf(out, "%02x", (unsigned char)key[i]);
  fputc('"', out);
}

static void put_algorithm(FILE *out, unsigned type, const void *value, size_t octets) {
  const struct xfrm_algo *plain = value;
  const struct xfrm_algo_auth *integrity = value;
  const struct xfrm_algo_aead *aead = value;
  if (type == XFRMA_ALG_CRYPT && octets >= sizeof *plain + plain->alg_key_len / 8)
    put_key(out, "encryptionKey", plain->alg_key, plain->alg_key_len);
  if (type == XFRMA_ALG_AUTH_TRUNC && octets >= sizeof *integrity + integrity->alg_key_len / 8)
    put_key(out, "integrityKey", integrity->alg_key, integrity->alg_key_len);
  if (type == XFRMA_ALG_AEAD && octets >= sizeof *aead + aead->alg_key_len / 8)
    put_key(out, "encryptionKey", aead->alg_key, aead->alg_key_len);
}

/* One request of the daemon's. */
static void record(const void *octets, size_t length) {
  const struct nlmsghdr *header = octets;
  const char *path = getenv("XFRM_STAND_IN_LOG");
  if (path == NULL || length < NLMSG_LENGTH(sizeof(struct xfrm_usersa_info)) || header->nlmsg_len > length) return;
  if (header->nlmsg_type != XFRM_MSG_NEWSA && header->nlmsg_type != XFRM_MSG_UPDSA) return;
  int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  FILE *out = file < 0 ? NULL : fdopen(file, "a");
  if (out == NULL) return;
  const struct xfrm_usersa_info *sa = NLMSG_DATA(header);
  fprintf(out, "{\"spi\":%u,\"protocol\":%u", ntohl(sa->id.spi), sa->id.proto);
  const char *at = (const char *)sa + NLMSG_ALIGN(sizeof *sa);
  const char *end = (const char *)octets + header->nlmsg_len;
  while (at + NLA_HDRLEN <= end) {
    const struct nlattr *attribute = (const void *)at;
    if (attribute->nla_len < NLA_HDRLEN || at + attribute->nla_len > end) break;
    put_algorithm(out, attribute->nla_type & NLA_TYPE_MASK, at + NLA_HDRLEN, attribute->nla_len - NLA_HDRLEN);
    at += NLA_ALIGN(attribute->nla_len);
  }
  fputs("}\n", out);
  fclose(out);
}

/* What the kernel has said: the refusals that come of its lack of protocols become acknowledgements. */
static void accept_all(int fd, void *octets, ssize_t length) {
  if (length < (ssize_t)sizeof(struct nlmsghdr) || !is_xfrm(fd)) return;
  int left = (int)length;
  for (struct nlmsghdr *header = octets; NLMSG_OK(header, (unsigned)left); header = NLMSG_NEXT(header, left)) {
    if (header->nlmsg_type != NLMSG_ERROR) continue;
    struct nlmsgerr *answer = NLMSG_DATA(header);
    unsigned asked = answer->msg.nlmsg_type;
    int is_lacking = answer->error == -EPROTONOSUPPORT || answer->error == -ENOSYS;
    int is_absent = answer->error == -ESRCH && (asked == XFRM_MSG_DELSA || asked == XFRM_MSG_UPDSA);
    if (is_lacking || is_absent) answer->error = 0;
  }
}

#define NEXT(name) \
  static __typeof__(name) *next; \
  if (next == NULL) next = (__typeof__(next))dlsym(RTLD_NEXT, #name)

ssize_t write(int fd, const void *octets, size_t length) {
  NEXT(write);
  if (is_xfrm(fd)) record(octets, length);
  return next(fd, octets, length);
}

ssize_t send(int fd, const void *octets, size_t length, int flags) {
  NEXT(send);
  if (is_xfrm(fd)) record(octets, length);
  return next(fd, octets, length, flags);
}

ssize_t sendto(int fd, const void *octets, size_t length, int flags, const struct sockaddr *to, socklen_t to_length) {
  NEXT(sendto);
  if (is_xfrm(fd)) record(octets, length);
  return next(fd, octets, length, flags, to, to_length);
}

ssize_t read(int fd, void *octets, size_t size) {
  NEXT(read);
  ssize_t length = next(fd, octets, size);
  accept_all(fd, octets, length);
  return length;
}

ssize_t recv(int fd, void *octets, size_t size, int flags) {
  NEXT(recv);
  ssize_t length = next(fd, octets, size, flags);
  accept_all(fd, octets, length);
  return length;
}

ssize_t recvfrom(int fd, void *octets, size_t size, int flags, struct sockaddr *from, socklen_t *from_length) {
  NEXT(recvfrom);
  ssize_t length = next(fd, octets, size, flags, from, from_length);
  accept_all(fd, octets, length);
  return length;
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags) {
  NEXT(recvmsg);
  ssize_t length = next(fd, message, flags);
  if (length > 0 && message->msg_iovlen == 1) accept_all(fd, message->msg_iov[0].iov_base, length);
  return length;
}

/* What programs call that were compiled with _FORTIFY_SOURCE. */
ssize_t __read_chk(int fd, void *octets, size_t size, size_t room) {
  return size > room ? -1 : read(fd, octets, size);
}

ssize_t __recv_chk(int fd, void *octets, size_t size, size_t room, int flags) {
  return size > room ? -1 : recv(fd, octets, size, flags);
}

ssize_t __recvfrom_chk(int fd, void *octets, size_t size, size_t room, int flags, struct sockaddr *from,
                       socklen_t *from_length) {
  return size > room ? -1 : recvfrom(fd, octets, size, flags, from, from_length);
}
