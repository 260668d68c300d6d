/* Between channel.c and channel_tcp.c: who may connect. */
#ifndef CH_TRANSPORT_CHANNEL_INT_H
#define CH_TRANSPORT_CHANNEL_INT_H

#include <stdbool.h>
#include <uv.h>

/* Reads a numeric address. False when it is none. */
bool ch__tcp_parse_address(const char *host, int port, struct sockaddr_storage *address);

bool ch__tcp_is_loopback(const struct sockaddr_storage *address);

/* Tells whether the other end of an accepted loopback connection belongs to a process of our user, as the kernel's
 * socket table says. False also where there is no such table. */
bool ch__tcp_is_same_user(const uv_tcp_t *client);

/* Compares without telling by its duration how much was right. */
bool ch__tcp_token_equals(const char *expected, const char *given);

#endif
