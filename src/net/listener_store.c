/* listener_store.c: listeners in systemd's descriptor store: they outlive this process, with the clients in
 * their queues, and come back by $LISTEN_FDS. Source: sd_notify(3), FDSTORE; systemd.service(5),
 * FileDescriptorStoreMax=
 *
 * The name tells what the socket itself cannot: "sockd/SERVICE/DEV/INO/ADDRESS"; SERVICE if the kernel
 * picked the port, DEV and INO of a path, in hexadecimal. */
#include "net/listener.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/sdnotify.h"
#include "net/listener_internal.h"

#define NAME_MAX_LEN 255

/* Returns false if there is no name that would do. */
static bool name_make(const struct listener *l, const char *service, char out[NAME_MAX_LEN + 1])
{
	bool any_port = l->addr.sa.sa_family != AF_UNIX && addr_port(&l->addr) == 0;
	char address[ADDR_TEXT_MAX];
	size_t n;

	addr_format(&l->bound, address);
	n = (size_t)snprintf(out, NAME_MAX_LEN + 1, "sockd/%s/%jx/%jx/", any_port ? service : "",
		(uintmax_t)l->dev, (uintmax_t)l->ino);
	for (const char *c = address; *c; c++) {
		bool plain = isgraph((unsigned char)*c) && *c != ':' && *c != '%';

		if (n + 3 > NAME_MAX_LEN)
			return false;
		n += (size_t)sprintf(out + n, plain ? "%c" : "%%%02x", (unsigned)(unsigned char)*c);
	}
	return true;
}

int listener_store(struct listener *l, const char *service)
{
	char name[NAME_MAX_LEN + 1];

	if (l->stored || l->inherited || !sdnotify_stores() || !name_make(l, service, name))
		return 0;
	if (sdnotify_fd(l->fd, "FDSTORE=1\nFDNAME=%s", name) < 0)
		return -1;
	l->stored = true;
	return 0;
}

void listener_unstore(struct listener *l, const char *service)
{
	char name[NAME_MAX_LEN + 1];

	if (l->stored && name_make(l, service, name))
		(void)sdnotify("FDSTOREREMOVE=1\nFDNAME=%s", name);
	l->stored = false;
}

bool listener_is_stored(const char *name, char service[256], dev_t *dev, ino_t *ino)
{
	uintmax_t d, i;
	size_t n;

	if (strncmp(name, "sockd/", 6) != 0)
		return false;
	name += 6;
	n = strcspn(name, "/");
	if (n > NAME_MAX_LEN || sscanf(name + n, "/%jx/%jx/", &d, &i) != 2)
		return false;
	memcpy(service, name, n);
	service[n] = '\0';
	*dev = (dev_t)d;
	*ino = (ino_t)i;
	return true;
}
