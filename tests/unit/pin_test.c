#include "pkcs11/pin.h"

#include "base/scoped.h"
#include "base/secret.h"
#include "base/text.h"
#include "tests/fakes/scratch_folder.h"
#include "tests/unit/test.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define PATH_SIZE 128

struct folder {
	char path[SCRATCH_FOLDER_SIZE];
};

static int make_folder(void **state)
{
	static struct folder folder;

	scratch_folder_make(folder.path);
	*state = &folder;
	return 0;
}

static int remove_folder(void **state)
{
	const struct folder *folder = *state;

	scratch_folder_remove(folder->path);
	return 0;
}

/* Writes a file of that name and mode; `path` gets where it is. */
static void write_file(const struct folder *folder, const char *name, const void *bytes,
    size_t length, mode_t mode, char path[PATH_SIZE])
{
	scoped(fd) int file = -1;

	assert_true(text_format(path, PATH_SIZE, "%s/%s", folder->path, name));
	unlink(path);
	file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_true(file >= 0);
	assert_int_equal(write(file, bytes, length), length);
	assert_int_equal(fchmod(file, mode), 0);
}

static void assert_pin(const struct pin_source *source, const char *expected)
{
	scoped(secret) struct secret *pin = NULL;
	struct error error = ERROR_INIT;

	assert_ok(pin_read(source, &pin, &error), &error);
	assert_int_equal(secret_length(pin), strlen(expected));
	assert_string_equal(secret_bytes(pin), expected);
}

static void assert_no_pin(
    const struct pin_source *source, enum error_kind kind, const char *complaint)
{
	struct secret *pin = NULL;
	struct error error = ERROR_INIT;

	assert_refused(pin_read(source, &pin, &error), &error, kind);
	assert_null(pin);
	if (!strstr(error.message, complaint))
		fail_msg("\"%s\" is not about \"%s\"", error.message, complaint);
}

static void one_newline_at_the_end_is_no_part_of_the_pin(void **state)
{
	static const struct {
		const char *written;
		const char *pin;
	} cases[] = {
		{ "1234", "1234" },
		{ "1234\n", "1234" },
		{ "1234\r\n", "1234" },
		{ " 1234 \n", " 1234 " },
		{ "\"12 34\"\n", "\"12 34\"" },
		{ "p\xc3\xa4sswort\n", "p\xc3\xa4sswort" },
	};
	char path[PATH_SIZE];

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		const struct pin_source source = { .kind = PIN_FILE, .name = path };

		write_file(*state, "pin", cases[i].written, strlen(cases[i].written), 0600, path);
		assert_pin(&source, cases[i].pin);
	}
}

static void what_can_be_no_pin_is_refused_before_it_costs_a_try(void **state)
{
	static const struct {
		const char *written;
		size_t length;
		const char *complaint;
	} cases[] = {
		{ "", 0, "is empty" },
		{ "\n", 1, "is empty" },
		{ "\r\n", 2, "is empty" },
		{ "12\0"
		  "34",
		    5, "NUL" },
		{ "1234\0", 5, "NUL" },
		{ "1234\n\n", 6, "line break" },
		{ "1234\r", 5, "line break" },
		{ "1234\n5678\n", 10, "line break" },
	};
	char path[PATH_SIZE];

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		const struct pin_source source = { .kind = PIN_FILE, .name = path };

		write_file(*state, "pin", cases[i].written, cases[i].length, 0600, path);
		assert_no_pin(&source, ERROR_PIN, cases[i].complaint);
		assert_no_pin(&source, ERROR_PIN, path);
	}
}

static void a_file_that_only_its_owner_and_a_group_may_read_is_fine(void **state)
{
	static const mode_t modes[] = { 0600, 0400, 0640, 0440, 0700 };
	char path[PATH_SIZE];

	for (size_t i = 0; i < ARRAY_LENGTH(modes); i++) {
		const struct pin_source source = { .kind = PIN_FILE, .name = path };

		write_file(*state, "pin", "1234", 4, modes[i], path);
		assert_pin(&source, "1234");
	}
}

static void a_file_that_others_may_touch_is_refused_with_the_cure(void **state)
{
	static const mode_t modes[] = { 0644, 0604, 0602, 0601, 0620, 0660, 0777 };
	char path[PATH_SIZE];

	for (size_t i = 0; i < ARRAY_LENGTH(modes); i++) {
		const struct pin_source source = { .kind = PIN_FILE, .name = path };

		write_file(*state, "pin", "1234", 4, modes[i], path);
		assert_no_pin(&source, ERROR_PIN, "chmod it to 0600 or 0640");
		assert_no_pin(&source, ERROR_PIN, "defaultMode: 0400");
	}
}

static void a_file_of_another_user_is_refused(void **state)
{
	char path[PATH_SIZE];
	const struct pin_source source = { .kind = PIN_FILE, .name = path };

	write_file(*state, "pin", "1234", 4, 0600, path);
	if (chown(path, 12345, (gid_t)-1) != 0)
		skip();
	assert_no_pin(&source, ERROR_PIN, "belongs to the user 12345");
}

/* As Kubernetes mounts a secret: pin -> ..data/pin, ..data -> a folder with a date. */
static void a_symlink_is_followed_and_the_file_behind_it_counts(void **state)
{
	const struct folder *folder = *state;
	char target[PATH_SIZE];
	char path[PATH_SIZE];
	const struct pin_source source = { .kind = PIN_FILE, .name = path };

	text_format(path, sizeof(path), "%s/link", folder->path);
	write_file(folder, "pin", "1234\n", 5, 0400, target);
	assert_int_equal(symlink("pin", path), 0);
	assert_pin(&source, "1234");
	write_file(folder, "pin", "1234\n", 5, 0644, target);
	assert_no_pin(&source, ERROR_PIN, "mode 0644");
}

static void what_is_no_regular_file_is_refused_and_holds_nobody_up(void **state)
{
	const struct folder *folder = *state;
	char path[PATH_SIZE];
	const struct pin_source fifo = { .kind = PIN_FILE, .name = path };
	const struct pin_source directory = { .kind = PIN_FILE, .name = folder->path };
	const struct pin_source device = { .kind = PIN_FILE, .name = "/dev/zero" };
	const struct pin_source absent = { .kind = PIN_FILE, .name = "/nonexistent/pin" };

	text_format(path, sizeof(path), "%s/fifo", folder->path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_no_pin(&fifo, ERROR_PIN, "not a regular file");
	assert_no_pin(&directory, ERROR_PIN, "not a regular file");
	assert_no_pin(&device, ERROR_PIN, "not a regular file");
	assert_no_pin(&absent, ERROR_PIN, "/nonexistent/pin: No such file or directory");
}

static void four_kibibytes_are_read_and_one_byte_more_is_refused(void **state)
{
	char bytes[SECRET_SIZE_MAX + 2];
	char path[PATH_SIZE];
	const struct pin_source source = { .kind = PIN_FILE, .name = path };

	memset(bytes, 'x', sizeof(bytes));
	bytes[SECRET_SIZE_MAX + 1] = '\0';
	write_file(*state, "pin", bytes, SECRET_SIZE_MAX + 1, 0600, path);
	assert_no_pin(&source, ERROR_PIN, "longer than 4096 bytes");
	assert_no_pin(&source, ERROR_PIN, path);
	bytes[SECRET_SIZE_MAX] = '\0';
	write_file(*state, "pin", bytes, SECRET_SIZE_MAX, 0600, path);
	assert_pin(&source, bytes);
}

static void a_credential_is_a_file_in_the_folder_that_systemd_names(void **state)
{
	const struct folder *folder = *state;
	const struct pin_source source = { .kind = PIN_CREDENTIAL, .name = "orders.pin" };
	char path[PATH_SIZE];

	write_file(folder, "orders.pin", "1234\n", 5, 0400, path);
	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", folder->path, 1), 0);
	assert_pin(&source, "1234");
	write_file(folder, "orders.pin", "1234\n", 5, 0444, path);
	assert_no_pin(&source, ERROR_PIN, "the PIN credential orders.pin has the mode 0444");
}

static void a_credential_without_its_folder_or_with_a_path_is_refused(void **state)
{
	static const char *const names[] = { "", ".", "..", "a/b", "/etc/passwd", "../pin" };
	const struct pin_source source = { .kind = PIN_CREDENTIAL, .name = "orders.pin" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		const struct pin_source path = { .kind = PIN_CREDENTIAL, .name = names[i] };

		assert_no_pin(&path, ERROR_CONFIG, "not the name of a credential");
	}
	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", "relative", 1), 0);
	assert_no_pin(&source, ERROR_PIN, "LoadCredential=orders.pin");
	assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
	assert_no_pin(&source, ERROR_PIN, "CREDENTIALS_DIRECTORY is not set");
}

static void a_descriptor_is_read_to_its_end_and_left_open(void **state)
{
	struct pin_source source = { .kind = PIN_DESCRIPTOR };
	int ends[2];
	char what[PATH_SIZE];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(write(ends[1], "12", 2), 2);
	assert_int_equal(write(ends[1], "34\n", 3), 3);
	close(ends[1]);
	source.descriptor = ends[0];
	assert_pin(&source, "1234");
	text_format(what, sizeof(what), "the PIN's file descriptor %d: the PIN is empty", ends[0]);
	assert_no_pin(&source, ERROR_PIN, what);
	assert_int_equal(close(ends[0]), 0);
	assert_no_pin(&source, ERROR_PIN, "Bad file descriptor");
}

static void the_output_of_a_command_is_the_pin(void **state)
{
	const struct pin_source good = { .kind = PIN_COMMAND, .name = "/bin/echo 1234" };
	const struct pin_source silent = { .kind = PIN_COMMAND, .name = "/bin/true 4711" };
	const struct pin_source bad = { .kind = PIN_COMMAND, .name = "echo 1234" };

	(void)state;
	assert_pin(&good, "1234");
	assert_no_pin(&silent, ERROR_PIN, "the PIN command /bin/true: the PIN is empty");
	assert_no_pin(&bad, ERROR_CONFIG, "absolute path");
}

static void without_a_source_and_at_a_pin_pad_nothing_is_read(void **state)
{
	static const enum pin_source_kind kinds[] = { PIN_NONE, PIN_PAD };

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++) {
		const struct pin_source source = { .kind = kinds[i], .descriptor = -1 };
		struct secret *pin = (struct secret *)&source;
		struct error error = ERROR_INIT;

		assert_ok(pin_read(&source, &pin, &error), &error);
		assert_null(pin);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_newline_at_the_end_is_no_part_of_the_pin),
		cmocka_unit_test(what_can_be_no_pin_is_refused_before_it_costs_a_try),
		cmocka_unit_test(a_file_that_only_its_owner_and_a_group_may_read_is_fine),
		cmocka_unit_test(a_file_that_others_may_touch_is_refused_with_the_cure),
		cmocka_unit_test(a_file_of_another_user_is_refused),
		cmocka_unit_test(a_symlink_is_followed_and_the_file_behind_it_counts),
		cmocka_unit_test(what_is_no_regular_file_is_refused_and_holds_nobody_up),
		cmocka_unit_test(four_kibibytes_are_read_and_one_byte_more_is_refused),
		cmocka_unit_test(a_credential_is_a_file_in_the_folder_that_systemd_names),
		cmocka_unit_test(a_credential_without_its_folder_or_with_a_path_is_refused),
		cmocka_unit_test(a_descriptor_is_read_to_its_end_and_left_open),
		cmocka_unit_test(the_output_of_a_command_is_the_pin),
		cmocka_unit_test(without_a_source_and_at_a_pin_pad_nothing_is_read),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
