#pragma once
/*
 * What journald calls the messages by (MESSAGE_ID, systemd.journal-fields(7)): they stay the same
 * whatever the texts become. The manual lists them.
 */

#define MESSAGE_ID_RENEWED "c2ed48f1c4f7454db005da96f46ca932" /* or enrolled */
#define MESSAGE_ID_FAILED "1cfe67a206404c2c9345f938b7eaa875"
#define MESSAGE_ID_REENROLL "c9076439b9ce465a9adbc170d206845a" /* a one-time token is needed */
#define MESSAGE_ID_CA_CHANGED "cf29163deee7489f86cf22d1ced71e7c"
#define MESSAGE_ID_ISSUER_MISSING "c0771e8c603745c791017b17a6b56874" /* or no longer so */
#define MESSAGE_ID_CA_ACCEPTED "ef42870a2cf14d70b314040ced59a020"    /* another one than before */
#define MESSAGE_ID_SERVER_ENDS "0b02422468184969a14df8f56517a751"
#define MESSAGE_ID_CLOCK "65846f22a8d94f38b40ee8eda76336e0"
#define MESSAGE_ID_HOOK_FAILED "f94be8bcc4de44109b6eabda6152d474"
#define MESSAGE_ID_NOTHING_TO_DO "a7e323c00f8c4974979c6067a0fe0695"
#define MESSAGE_ID_PIN_LATCHED "a71453c07b8b4f7085fef642387a648a"
