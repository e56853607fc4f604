#pragma once
/*
 * The numbers that are decisions and not settings. Spans are seconds.
 */

/* A key that has waited for its certificate longer than this is destroyed. */
#define POLICY_KEYED_MAX (7 * 24 * 60 * 60)
/* After the new identity has been refused by the probe for so long, it is asked for again. */
#define POLICY_PROBE_REFUSED_MAX (60 * 60)
/* The active identity counts as rejected after so many refusals over `rejected_after`. */
#define POLICY_REJECTIONS 3
/* An own certificate that is past its end is believed to be expired if the server's clock is
   within this of ours. */
#define POLICY_CLOCK_AGREES (5 * 60)
/* So often a worker waits for the Connector to load a CA in the place of a distrusted one. */
#define POLICY_DISTRUSTED_WAITS 3
/* Two looks at nameless objects, so far apart, must see the same ones before they are ours. */
#define POLICY_NAMELESS_PAUSE 2
/* What the label of every object of the agent's begins with; nothing with another one is destroyed. */
#define POLICY_LABEL "renewal-agent/"
/* Fresh key ids: random bytes. */
#define POLICY_KEY_ID_SIZE 16
#define POLICY_KEY_BITS_LEAST 2048
/* A new certificate must last at least this long to be worth activating. */
#define POLICY_LEAST_LIFETIME 60
/* After its outcome a worker has so long to finalise the module; then it is killed. */
#define POLICY_WORKER_END 10
/* So many tokens may be logged in to at once, by a worker each, while a run goes from one identity
   to the next. */
#define POLICY_WORKERS_KEPT 16
/* A hook that is to end with us has so long before it is killed; the daemon has 5 s in all. */
#define POLICY_HOOK_END 2
/* Bytes of a hook's output that are logged. */
#define POLICY_HOOK_OUTPUT (16 * 1024)
/* doctor warns below these: bytes and inodes of the state directory's file system, bytes that a
   token has left for a key pair, what a certificate of the server has left. */
#define POLICY_STATE_SPACE_LEAST (16 * 1024 * 1024)
#define POLICY_STATE_INODES_LEAST 256
#define POLICY_TOKEN_SPACE_LEAST (8 * 1024)
#define POLICY_SERVER_CERTIFICATE_LEFT (14 * 24 * 60 * 60)
/* The metrics wait so long for another run that writes them. */
#define POLICY_METRICS_WAIT 2
/* A difference between the Connector's clock and ours that is mentioned though it is tolerated. */
#define POLICY_CLOCK_WORTH_NAMING 30
/* The daemon: two tries of the same identity are so far apart at least; after one that was of no
   use, which has left nothing to wait for, so far, doubled each time. */
#define POLICY_TRIES_APART 5
#define POLICY_REST_LEAST 60
#define POLICY_REST_MOST (60 * 60)
/* A renewal that is late by so much was late because the host was off: it is begun within
   POLICY_CATCH_UP, each host at its own moment. */
#define POLICY_OVERDUE (10 * 60)
#define POLICY_CATCH_UP (2 * 60)
/* It reads everything anew so often at least; when it cannot be told of changes, so often. */
#define POLICY_LOOK (24 * 60 * 60)
#define POLICY_LOOK_UNWATCHED (60 * 60)
