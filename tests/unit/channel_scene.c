#include "tests/unit/channel_scene.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int channel_set_up(void **state)
{
	struct pair *pair = calloc(1, sizeof(*pair));
	int ends[2];

	assert_non_null(pair);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	*pair = (struct pair){ ends[0], ends[1] };
	*state = pair;
	return 0;
}

int channel_tear_down(void **state)
{
	struct pair *pair = *state;

	close(pair->supervisor);
	if (pair->worker >= 0)
		close(pair->worker);
	free(pair);
	return 0;
}
