/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dev/net/forward.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/parse.h"

static int wrong(const char *text, struct err *e)
{
	return err_set(e, EINVAL,
		       "'%s' is not a forward (expected tcp:PORT:PORT or "
		       "udp:PORT:PORT, with ADDRESS: or [ADDRESS]: before the "
		       "host's port)",
		       text);
}

/* Remove the last ":PORT" of @text, and parse it. */
static bool cut_port(char *text, unsigned long min, unsigned long *port)
{
	char *colon = strrchr(text, ':');
	struct err ignored;

	if (!colon || parse_count(colon + 1, min, 65535, port, &ignored))
		return false;
	*colon = '\0';
	return true;
}

static bool parse_host(struct net_forward *f, char *text)
{
	size_t len = strlen(text);

	if (*text == '[') {
		if (text[len - 1] != ']')
			return false;
		text[len - 1] = '\0';
		f->host.v6.sin6_family = AF_INET6;
		return inet_pton(AF_INET6, text + 1, &f->host.v6.sin6_addr) ==
		       1;
	}
	f->host.v4.sin_family = AF_INET;
	return inet_pton(AF_INET, text, &f->host.v4.sin_addr) == 1;
}

int net_forward_parse(struct net_forward *f, const char *text, struct err *e)
{
	char copy[NET_FORWARD_TEXT + 16];
	unsigned long guest, host;

	memset(f, 0, sizeof(*f));
	if (strlen(text) >= sizeof(copy))
		return wrong(text, e);
	strcpy(copy, text);
	f->is_udp = !strncmp(copy, "udp:", 4);
	if (!f->is_udp && strncmp(copy, "tcp:", 4) != 0)
		return wrong(text, e);
	/* "tcp:PORT" is left, or "tcp:ADDRESS:PORT". */
	if (!cut_port(copy, 1, &guest) || !cut_port(copy, 0, &host))
		return wrong(text, e);
	if (!parse_host(f, copy[3] ? copy + 4 : (char[]){ "127.0.0.1" }))
		return wrong(text, e);
	f->guest_port = (uint16_t)guest;
	net_forward_set_port(f, (uint16_t)host);
	return 0;
}

uint16_t net_forward_port(const struct net_forward *f)
{
	return ntohs(f->host.any.sa_family == AF_INET ? f->host.v4.sin_port
						      : f->host.v6.sin6_port);
}

void net_forward_set_port(struct net_forward *f, uint16_t port)
{
	if (f->host.any.sa_family == AF_INET)
		f->host.v4.sin_port = htons(port);
	else
		f->host.v6.sin6_port = htons(port);
}

const char *net_forward_protocol(const struct net_forward *f)
{
	return f->is_udp ? "udp" : "tcp";
}

void net_forward_address(const struct net_forward *f,
			 char address[INET6_ADDRSTRLEN])
{
	if (f->host.any.sa_family == AF_INET)
		inet_ntop(AF_INET, &f->host.v4.sin_addr, address,
			  INET6_ADDRSTRLEN);
	else
		inet_ntop(AF_INET6, &f->host.v6.sin6_addr, address,
			  INET6_ADDRSTRLEN);
}

void net_forward_text(const struct net_forward *f, char text[NET_FORWARD_TEXT])
{
	char address[INET6_ADDRSTRLEN];

	net_forward_address(f, address);
	snprintf(text, NET_FORWARD_TEXT, "%s port %u of %s",
		 net_forward_protocol(f), net_forward_port(f), address);
}
