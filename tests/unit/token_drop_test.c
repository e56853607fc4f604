#include "agent/enrolment/token_drop.h"

#include "agent/identity/identity.h"
#include "base/secret.h"
#include "base/text.h"
#include "tests/fakes/scratch_folder.h"
#include "tests/unit/test.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* An identity whose two places are in a folder; the credential's is called "credential". */
struct place {
	char folder[SCRATCH_FOLDER_SIZE];
	char file[64], credential[64];
	struct identity_settings settings;
	struct identity identity;
};

static int set_up(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	assert_non_null(place);
	scratch_folder_make(place->folder);
	assert_true(text_format(place->file, sizeof(place->file), "%s/token", place->folder));
	assert_true(
	    text_format(place->credential, sizeof(place->credential), "%s/one", place->folder));
	place->settings.enrollment_token_file = place->file;
	place->identity.settings = &place->settings;
	journal_clear(&place->identity.journal);
	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", place->folder, 1), 0);
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;

	assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
	scratch_folder_remove(place->folder);
	free(place);
	return 0;
}

static void put(const char *path, const char *text, mode_t mode)
{
	const int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(file >= 0);
	assert_int_equal(write(file, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(fchmod(file, mode), 0);
	assert_int_equal(close(file), 0);
}

static struct token_drop look(const struct place *place)
{
	struct token_drop drop = { .state = TOKEN_DROP_UNKNOWN };

	token_drop_look(&drop, &place->identity);
	return drop;
}

static void assert_state(const struct place *place, enum token_drop_state state)
{
	struct token_drop drop = look(place);

	if (drop.state != state)
		fail_msg("%d: %s", (int)drop.state, drop.refused.message);
	token_drop_clear(&drop);
}

static void assert_not_used(const struct place *place, enum error_kind kind, const char *message)
{
	struct token_drop drop = look(place);

	assert_int_equal(drop.state, TOKEN_DROP_REFUSED);
	assert_string_equal(error_name(drop.refused.kind), error_name(kind));
	if (!strstr(drop.refused.message, message) || !strstr(drop.refused.message, place->file))
		fail_msg("%s", drop.refused.message);
	token_drop_clear(&drop);
}

static void assert_waiting(const struct place *place, const char *token, const char *path)
{
	struct token_drop drop = look(place);

	assert_int_equal(drop.state, TOKEN_DROP_WAITING);
	assert_string_equal(secret_bytes(drop.token.secret), token);
	assert_true(text_equal(drop.path, path));
	token_drop_clear(&drop);
}

static void spend(struct place *place, const char *token)
{
	journal_note_spent_token(&place->identity.journal, token, strlen(token));
}

static void an_absent_or_empty_file_is_no_token(void **state)
{
	struct place *place = *state;

	assert_state(place, TOKEN_DROP_NONE);
	put(place->file, "", 0600);
	assert_state(place, TOKEN_DROP_NONE);
	put(place->file, " \r\n", 0600);
	assert_state(place, TOKEN_DROP_NONE);
	place->settings.enrollment_token_file = NULL;
	assert_state(place, TOKEN_DROP_NONE);
}

static void what_is_there_can_be_used_until_it_has_been(void **state)
{
	struct place *place = *state;

	put(place->file, "abc\n", 0600);
	assert_waiting(place, "abc", place->file);
	put(place->file, "abc\n", 0640);
	assert_waiting(place, "abc", place->file);
	spend(place, "abc");
	assert_state(place, TOKEN_DROP_SPENT);
}

static void what_others_may_read_or_change_is_refused(void **state)
{
	static const mode_t modes[] = { 0644, 0604, 0602, 0601, 0660, 0620 };
	struct place *place = *state;

	for (size_t i = 0; i < ARRAY_LENGTH(modes); i++) {
		put(place->file, "abc", modes[i]);
		assert_not_used(place, ERROR_PERMISSION, "which lets others read or change");
	}
}

static void what_belongs_to_somebody_else_is_refused(void **state)
{
	struct place *place = *state;

	if (geteuid() != 0)
		skip();
	put(place->file, "abc", 0600);
	assert_int_equal(chown(place->file, 1, 0), 0);
	assert_not_used(place, ERROR_PERMISSION, "belongs to the user 1");
}

static void what_is_no_file_is_refused_without_waiting_for_it(void **state)
{
	struct place *place = *state;

	assert_int_equal(mkfifo(place->file, 0600), 0);
	assert_not_used(place, ERROR_PERMISSION, "is not a regular file");
	assert_int_equal(unlink(place->file), 0);
	assert_int_equal(mkdir(place->file, 0700), 0);
	assert_not_used(place, ERROR_PERMISSION, "is not a regular file");
}

static void what_is_no_token_calls_for_another(void **state)
{
	struct place *place = *state;
	char text[SECRET_SIZE_MAX + 2] = { 0 };

	put(place->file, "secret word", 0600);
	assert_not_used(place, ERROR_REENROLL, "holds a blank");
	memset(text, 'a', sizeof(text) - 1);
	put(place->file, text, 0600);
	assert_not_used(place, ERROR_REENROLL, "is longer than 4096 bytes");
	text[SECRET_SIZE_MAX] = '\0';
	put(place->file, text, 0600);
	assert_waiting(place, text, place->file);
}

static void a_credential_is_looked_at_after_the_file(void **state)
{
	struct place *place = *state;
	char name[] = "one";

	place->settings.enrollment_token_credential = name;
	assert_state(place, TOKEN_DROP_NONE);
	put(place->credential, "def", 0400);
	assert_waiting(place, "def", NULL);
	put(place->file, "abc", 0600);
	assert_waiting(place, "abc", place->file);
	spend(place, "abc");
	assert_waiting(place, "def", NULL);
	spend(place, "def");
	assert_state(place, TOKEN_DROP_SPENT);
}

static void of_two_without_a_use_the_file_is_named(void **state)
{
	struct place *place = *state;
	char name[] = "one";
	struct token_drop drop;

	place->settings.enrollment_token_credential = name;
	put(place->credential, "def", 0400);
	put(place->file, "abc", 0600);
	spend(place, "abc");
	spend(place, "def");
	drop = look(place);
	assert_int_equal(drop.state, TOKEN_DROP_SPENT);
	assert_string_equal(drop.path, place->file);
	assert_int_equal(unlink(place->file), 0);
	drop = look(place);
	assert_int_equal(drop.state, TOKEN_DROP_NONE);
	assert_string_equal(drop.path, place->file);
}

static void without_a_folder_of_credentials_there_is_none(void **state)
{
	struct place *place = *state;
	char name[] = "one";

	place->settings.enrollment_token_credential = name;
	put(place->credential, "def", 0400);
	assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
	assert_state(place, TOKEN_DROP_NONE);
	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", "relative", 1), 0);
	assert_state(place, TOKEN_DROP_NONE);
}

static void what_has_been_looked_at_is_not_looked_at_again(void **state)
{
	struct place *place = *state;
	struct token_drop drop = look(place);

	put(place->file, "abc", 0600);
	token_drop_look(&drop, &place->identity);
	assert_int_equal(drop.state, TOKEN_DROP_NONE);
}

static void only_the_file_that_was_read_is_removed(void **state)
{
	struct place *place = *state;
	struct error error = ERROR_INIT;
	struct token_drop drop;
	char other[64];

	put(place->file, "abc", 0600);
	drop = look(place);
	assert_ok(token_drop_remove(&drop, &error), &error);
	assert_int_equal(access(place->file, F_OK), -1);
	assert_ok(token_drop_remove(&drop, &error), &error); /* it is gone already */
	token_drop_clear(&drop);

	put(place->file, "abc", 0600);
	drop = look(place);
	assert_true(text_format(other, sizeof(other), "%s.new", place->file));
	put(other, "xyz", 0600);
	assert_int_equal(rename(other, place->file), 0);
	assert_ok(token_drop_remove(&drop, &error), &error);
	assert_int_equal(access(place->file, F_OK), 0);
	token_drop_clear(&drop);
}

static void a_credential_stays(void **state)
{
	struct place *place = *state;
	struct error error = ERROR_INIT;
	char name[] = "one";
	struct token_drop drop;

	place->settings.enrollment_token_credential = name;
	put(place->credential, "def", 0400);
	drop = look(place);
	assert_ok(token_drop_remove(&drop, &error), &error);
	assert_int_equal(access(place->credential, F_OK), 0);
	token_drop_clear(&drop);
}

#define in_a_folder(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_a_folder(an_absent_or_empty_file_is_no_token),
		in_a_folder(what_is_there_can_be_used_until_it_has_been),
		in_a_folder(what_others_may_read_or_change_is_refused),
		in_a_folder(what_belongs_to_somebody_else_is_refused),
		in_a_folder(what_is_no_file_is_refused_without_waiting_for_it),
		in_a_folder(what_is_no_token_calls_for_another),
		in_a_folder(a_credential_is_looked_at_after_the_file),
		in_a_folder(of_two_without_a_use_the_file_is_named),
		in_a_folder(without_a_folder_of_credentials_there_is_none),
		in_a_folder(what_has_been_looked_at_is_not_looked_at_again),
		in_a_folder(only_the_file_that_was_read_is_removed),
		in_a_folder(a_credential_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
