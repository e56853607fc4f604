#include "agent/state/store.h"

#include "base/text.h"
#include "tests/fakes/file_calls.h"
#include "tests/fakes/state_folder.h"
#include "tests/unit/state_setup.h"
#include "tests/unit/store_run.h"
#include "tests/unit/test.h"

#include <errno.h>
#include <openssl/asn1.h>
#include <openssl/pem.h>
#include <string.h>
#include <sys/stat.h>

/*
 * Writing generations. What kills and full disks do to it is in store_crash_test.c.
 */
static void the_files_are_there_for_their_readers(void **state)
{
	static const char *const names[] = { "certificate.pem", "chain.pem", "ca.pem", "key.uri",
		"key.pem", "generation.json" };
	mode_t umask_before = umask(0077);
	scoped(store) struct store *store = state_folder_open();
	char path[128];

	(void)state;
	store_run_write(store, 1);
	umask(umask_before);
	assert_int_equal(state_folder_mode("orders/generations/1"), 0755);
	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		assert_true(text_format(path, sizeof(path), "orders/generations/1/%s", names[i]));
		assert_int_equal(state_folder_mode(path), 0644);
	}
}

static void chain_pem_is_the_leaf_and_then_what_came_with_it(void **state)
{
	scoped(store) struct store *store = state_folder_open();
	scoped(char) char *leaf = NULL;
	scoped(char) char *rest = NULL;
	scoped(char) char *chain = NULL;

	(void)state;
	store_run_write(store, 1);
	leaf = state_folder_read("orders/generations/1/certificate.pem");
	rest = state_folder_read("orders/generations/1/ca.pem");
	chain = state_folder_read("orders/generations/1/chain.pem");
	assert_int_equal(strlen(chain), strlen(leaf) + strlen(rest));
	assert_true(text_starts_with(chain, leaf));
	assert_string_equal(chain + strlen(leaf), rest);
}

/* SEQUENCE { VisibleString, UTF8String } */
static void key_pem_is_what_pkcs11_provider_reads(void **state)
{
	static const unsigned char start[] = { 0x30, 0x4f, V_ASN1_VISIBLESTRING, 25 };
	static const char description[] = "PKCS#11 Provider URI v1.0";
	static const char uri[] = "pkcs11:token=fleet;id=%01%02;object=k;type=private";
	scoped(store) struct store *store = state_folder_open();
	scoped(BIO) BIO *bio = NULL;
	scoped(char) char *pem = NULL;
	char *label = NULL;
	char *header = NULL;
	unsigned char *der = NULL;
	long length = 0;

	(void)state;
	store_run_write(store, 1);
	pem = state_folder_read("orders/generations/1/key.pem");
	bio = BIO_new_mem_buf(pem, -1);
	assert_int_equal(PEM_read_bio(bio, &label, &header, &der, &length), 1);
	assert_string_equal(label, "PKCS#11 PROVIDER URI");
	assert_int_equal(length, sizeof(start) + 25 + 2 + strlen(uri));
	assert_memory_equal(der, start, sizeof(start));
	assert_memory_equal(der + 4, description, 25);
	assert_int_equal(der[29], V_ASN1_UTF8STRING);
	assert_int_equal(der[30], strlen(uri));
	assert_memory_equal(der + 31, uri, strlen(uri));
	OPENSSL_free(label);
	OPENSSL_free(header);
	OPENSSL_free(der);
}

static void an_adopted_key_in_a_file_is_linked_to_and_may_have_no_id_and_no_chain(void **state)
{
	struct error error = ERROR_INIT;
	scoped(store) struct store *store = state_folder_open();
	scoped(generation) struct generation adopted = state_folder_generation(1);
	scoped(generation) struct generation loaded = { 0 };
	char target[64];
	ssize_t length;

	(void)state;
	free(adopted.key_uri);
	free(adopted.key_id);
	free(adopted.key_label);
	adopted.key_uri = text_duplicate("file:/etc/ssl/private/orders.key");
	adopted.key_id = NULL;
	adopted.key_label = NULL;
	X509_free(sk_X509_pop(adopted.chain));
	assert_ok(store_write(store, &adopted, &error), &error);
	length =
	    readlinkat(store_folder(store), "generations/1/key.pem", target, sizeof(target) - 1);
	assert_int_equal(length, (int)strlen("/etc/ssl/private/orders.key"));
	assert_memory_equal(target, "/etc/ssl/private/orders.key", (size_t)length);
	assert_ok(store_load(store, 1, &loaded, &error), &error);
	assert_string_equal(loaded.key_uri, adopted.key_uri);
	assert_null(loaded.key_id);
	assert_null(loaded.key_label);
	assert_int_equal(sk_X509_num(loaded.chain), 0);
}

static void a_uri_with_a_pin_or_a_module_is_not_written_down(void **state)
{
	static const char *const uris[] = { "pkcs11:token=t?pin-value=1234",
		"pkcs11:token=t?pin-source=file:/pin", "pkcs11:token=t?module-path=/m.so",
		"pkcs11:token=t?module-name=m", "pkcs11:token=t\npkcs11:token=u", "" };
	scoped(store) struct store *store = state_folder_open();

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(uris); i++) {
		struct error error = ERROR_INIT;
		scoped(generation) struct generation generation = state_folder_generation(1);

		free(generation.key_uri);
		generation.key_uri = text_duplicate(uris[i]);
		assert_refused(store_write(store, &generation, &error), &error, ERROR_INTERNAL);
		assert_null(strstr(error.message, "1234"));
		assert_int_equal(state_folder_count("/1"), 0);
		assert_int_equal(state_folder_count(".tmp"), 0);
	}
}

static void the_active_generation_is_neither_written_nor_removed(void **state)
{
	struct error error = ERROR_INIT;
	scoped(store) struct store *store = state_folder_open();
	scoped(generation) struct generation generation = state_folder_generation(1);

	(void)state;
	store_run_write(store, 1);
	store_run_activate(store, 1);
	assert_refused(store_write(store, &generation, &error), &error, ERROR_INTERNAL);
	assert_refused(store_remove(store, 1, &error), &error, ERROR_INTERNAL);
	store_run_assert_sound(store);
	store_run_write(store, 2);
	store_run_activate(store, 2);
	assert_ok(store_remove(store, 1, &error), &error);
	assert_int_equal(store_run_active(store), 2);
}

static void what_is_not_there_is_removed_but_not_activated(void **state)
{
	struct error error = ERROR_INIT;
	scoped(store) struct store *store = state_folder_open();

	(void)state;
	assert_ok(store_remove(store, 3, &error), &error);
	assert_refused(store_activate(store, 3, &error), &error, ERROR_STATE);
	assert_int_equal(store_run_active(store), 0);
}

static void revoked_is_noted_and_the_rest_stays(void **state)
{
	struct error error = ERROR_INIT;
	scoped(store) struct store *store = state_folder_open();
	scoped(generation) struct generation loaded = { 0 };

	(void)state;
	store_run_write(store, 1);
	assert_ok(store_mark_revoked(store, 1, &error), &error);
	assert_ok(store_mark_revoked(store, 1, &error), &error);
	assert_ok(store_load(store, 1, &loaded, &error), &error);
	assert_true(loaded.revoked);
	assert_true(loaded.same_issuer);
	assert_string_equal(loaded.key_id, "0102");
	assert_refused(store_mark_revoked(store, 2, &error), &error, ERROR_DAMAGED);
}

static void abandoned_is_noted_beside_revoked(void **state)
{
	struct error error = ERROR_INIT;
	scoped(store) struct store *store = state_folder_open();
	scoped(generation) struct generation loaded = { 0 };

	(void)state;
	store_run_write(store, 1);
	assert_ok(store_mark_abandoned(store, 1, &error), &error);
	assert_ok(store_load(store, 1, &loaded, &error), &error);
	assert_true(loaded.abandoned);
	assert_false(loaded.revoked);
	generation_clear(&loaded);
	assert_ok(store_mark_revoked(store, 1, &error), &error);
	assert_ok(store_load(store, 1, &loaded, &error), &error);
	assert_true(loaded.abandoned && loaded.revoked);
}

static void everything_is_on_disk_before_current_moves_and_no_fsync_is_wasted(void **state)
{
	struct error error = ERROR_INIT;
	scoped(store) struct store *store = state_folder_open();
	scoped(generation) struct generation generation = state_folder_generation(1);
	const char *log;

	(void)state;
	file_calls_leave_alone();
	assert_ok(store_write(store, &generation, &error), &error);
	log = file_calls_log();
	/* Six files, together, their folder, and the folder's new name. */
	assert_int_equal(file_calls_syncs(), 8);
	assert_string_equal(strstr(log, " write fsync"),
	    " write fsync fsync fsync fsync fsync fsync fsync renameat fsync");
	file_calls_leave_alone();
	assert_ok(store_activate(store, 1, &error), &error);
	assert_string_equal(file_calls_log(), "symlinkat renameat fsync openat write");
	file_calls_leave_alone();
	/* A kill may have come between the two. */
	assert_ok(store_activate(store, 1, &error), &error);
	assert_string_equal(file_calls_log(), "fsync openat write");
}

static void a_full_disk_gets_its_room_back_at_once(void **state)
{
	struct error error = ERROR_INIT;
	scoped(store) struct store *store = state_folder_open();
	scoped(generation) struct generation generation = state_folder_generation(1);
	int renamed;

	(void)state;
	file_calls_leave_alone();
	assert_ok(store_write(store, &generation, &error), &error);
	renamed = file_calls_count() - 1; /* behind the last write, 6 files and the folder */
	assert_ok(store_remove(store, 1, &error), &error);
	for (int call = renamed - 8; call < renamed; call++) {
		file_calls_fail_at(call, ENOSPC);
		assert_refused(store_write(store, &generation, &error), &error, ERROR_STATE);
		assert_non_null(strstr(error.message, "No space left on device"));
		assert_int_equal(state_folder_count("1.tmp"), 0);
	}
}

static void what_kills_left_of_other_numbers_goes_with_the_next_write(void **state)
{
	scoped(store) struct store *store = state_folder_open();

	(void)state;
	assert_int_equal(mkdirat(store_folder(store), "generations/3.tmp", 0755), 0);
	state_folder_write("orders/generations/3.tmp/certificate.pem", "half");
	assert_int_equal(mkdirat(store_folder(store), "generations/4", 0755), 0);
	assert_int_equal(mkdirat(store_folder(store), "generations/4.tmp", 0755), 0);
	store_run_write(store, 4);
	assert_int_equal(state_folder_count(".tmp"), 0);
	store_run_assert_sound(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BEFORE_ANY_STATE(the_files_are_there_for_their_readers),
		BEFORE_ANY_STATE(chain_pem_is_the_leaf_and_then_what_came_with_it),
		BEFORE_ANY_STATE(key_pem_is_what_pkcs11_provider_reads),
		BEFORE_ANY_STATE(
		    an_adopted_key_in_a_file_is_linked_to_and_may_have_no_id_and_no_chain),
		BEFORE_ANY_STATE(a_uri_with_a_pin_or_a_module_is_not_written_down),
		BEFORE_ANY_STATE(the_active_generation_is_neither_written_nor_removed),
		BEFORE_ANY_STATE(what_is_not_there_is_removed_but_not_activated),
		BEFORE_ANY_STATE(revoked_is_noted_and_the_rest_stays),
		BEFORE_ANY_STATE(abandoned_is_noted_beside_revoked),
		BEFORE_ANY_STATE(everything_is_on_disk_before_current_moves_and_no_fsync_is_wasted),
		BEFORE_ANY_STATE(a_full_disk_gets_its_room_back_at_once),
		BEFORE_ANY_STATE(what_kills_left_of_other_numbers_goes_with_the_next_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
