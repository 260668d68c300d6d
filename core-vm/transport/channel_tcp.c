/* Who may talk to a server that listens: loopback peers of the same user, or peers that know the token. Host names are
 * never asked for; only addresses count, because names can be made to point anywhere. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "transport/channel_int.h"

enum { TCP_STATE_ESTABLISHED = 1 };

bool ch__tcp_parse_address(const char *host, int port, struct sockaddr_storage *address)
{
    memset(address, 0, sizeof(*address));
    if (port < 0 || port > 65535)
        return false;
    if (uv_ip4_addr(host, port, (struct sockaddr_in *)address) == 0)
        return true;
    return uv_ip6_addr(host, port, (struct sockaddr_in6 *)address) == 0;
}

bool ch__tcp_is_loopback(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr) >> 24 == 127;
    if (address->ss_family != AF_INET6)
        return false;
    const struct in6_addr *six = &((const struct sockaddr_in6 *)address)->sin6_addr;
    return IN6_IS_ADDR_LOOPBACK(six) || (IN6_IS_ADDR_V4MAPPED(six) && six->s6_addr[12] == 127);
}

static int port_of(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET)
        return ntohs(((const struct sockaddr_in *)address)->sin_port);
    return ntohs(((const struct sockaddr_in6 *)address)->sin6_port);
}

/* Looks in one socket table for the peer's own socket: its local port is the peer's, its remote port is ours. Every row
 * that fits must be ours, so that an unrelated connection with the same two ports can only make the answer stricter. */
static void look_in_table(const char *path, int peer_port, int our_port, bool *found, bool *all_ours)
{
    FILE *table = fopen(path, "re");
    if (!table)
        return;
    char line[512];
    while (fgets(line, sizeof(line), table)) {
        unsigned local_port = 0;
        unsigned remote_port = 0;
        unsigned state = 0;
        unsigned uid = 0;
        if (sscanf(line, " %*d: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%x %x %*x:%*x %*x:%*x %*x %u", &local_port, &remote_port,
                   &state, &uid) != 4)
            continue;
        if (local_port != (unsigned)peer_port || remote_port != (unsigned)our_port || state != TCP_STATE_ESTABLISHED)
            continue;
        *found = true;
        if (uid != (unsigned)getuid())
            *all_ours = false;
    }
    fclose(table);
}

bool ch__tcp_is_same_user(const uv_tcp_t *client)
{
    struct sockaddr_storage peer = {0};
    struct sockaddr_storage ours = {0};
    int peer_size = sizeof(peer);
    int ours_size = sizeof(ours);
    if (uv_tcp_getpeername(client, (struct sockaddr *)&peer, &peer_size) != 0 ||
        uv_tcp_getsockname(client, (struct sockaddr *)&ours, &ours_size) != 0 || !ch__tcp_is_loopback(&peer))
        return false;
    bool found = false;
    bool all_ours = true;
    look_in_table("/proc/net/tcp", port_of(&peer), port_of(&ours), &found, &all_ours);
    look_in_table("/proc/net/tcp6", port_of(&peer), port_of(&ours), &found, &all_ours);
    return found && all_ours;
}

bool ch__tcp_token_equals(const char *expected, const char *given)
{
    size_t size = strlen(expected);
    size_t given_size = strlen(given);
    unsigned difference = size != given_size;
    for (size_t i = 0; i < size; i++)
        difference |= (unsigned char)expected[i] ^ (unsigned char)(given_size ? given[i % given_size] : 0xFF);
    return difference == 0;
}
