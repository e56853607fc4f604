#include "agent/supervisor/worker_environment.h"

#include "base/scoped.h"
#include "base/text.h"
#include "tests/unit/test.h"

DEFINE_SCOPED(environment, char **, free)

static bool stays(const char *variable, const struct setting_list *kept)
{
	char text[64];
	char *const from[] = { text, NULL };
	scoped(environment) char **made = NULL;

	assert_true(text_copy(text, sizeof(text), variable));
	made = worker_environment_make(from, kept);
	return made[0] != NULL;
}

static void what_decides_about_trust_and_keys_is_removed(void **state)
{
	static const char *const removed[] = { "SSLKEYLOGFILE=/tmp/keys", "SSL_CERT_FILE=/tmp/ca",
		"SSL_CERT_DIR=/tmp", "OPENSSL_CONF=/tmp/x", "OPENSSL_MODULES=/tmp",
		"OPENSSL_ENGINES=/tmp", "NETRC=/tmp/netrc", "PKCS11_PROVIDER_MODULE=/tmp/m.so",
		"PKCS11_MODULE_PATH=/tmp/m.so", "PKCS11_PIN=1234", "PKCS11_FORCELOGIN=1",
		"OPENSSL_CONF" };
	const struct setting_list none = { .count = 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(removed); i++)
		if (stays(removed[i], &none))
			fail_msg("%s stays", removed[i]);
}

static void everything_else_stays(void **state)
{
	static const char *const kept[] = { "PATH=/bin", "HOME=/root", "SOFTHSM2_CONF=/tmp/s",
		"CREDENTIALS_DIRECTORY=/run/c", "https_proxy=http://p", "NETRCX=1", "ASSL_CERT_=1",
		"SSLKEYLOGFILES=1", "PKCS11SPY=/tmp/m.so" };
	const struct setting_list none = { .count = 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(kept); i++)
		if (!stays(kept[i], &none))
			fail_msg("%s is removed", kept[i]);
}

static void what_the_settings_name_stays(void **state)
{
	char conf[] = "OPENSSL_CONF";
	char provider[] = "PKCS11_PROVIDER_*";
	const struct setting_list list = { .items = { conf, provider }, .count = 2 };

	(void)state;
	assert_true(stays("OPENSSL_CONF=/etc/own.cnf", &list));
	assert_false(stays("OPENSSL_CONFIG=1", &list));
	assert_true(stays("PKCS11_PROVIDER_DEBUG=1", &list));
	assert_false(stays("PKCS11_PIN=1234", &list));
}

static void the_order_stays(void **state)
{
	char a[] = "A=1", b[] = "NETRC=2", c[] = "C=3";
	char *const from[] = { a, b, c, NULL };
	const struct setting_list none = { .count = 0 };
	scoped(environment) char **made = worker_environment_make(from, &none);

	(void)state;
	assert_ptr_equal(made[0], a);
	assert_ptr_equal(made[1], c);
	assert_null(made[2]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_decides_about_trust_and_keys_is_removed),
		cmocka_unit_test(everything_else_stays),
		cmocka_unit_test(what_the_settings_name_stays),
		cmocka_unit_test(the_order_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
