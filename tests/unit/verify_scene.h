#pragma once
/*
 * One answer of the Connector, to be verified. A test changes in the scene what it is about
 * before the leaf or the CA is issued: the CA when it is added, the leaf when it is verified.
 */
#include "agent/x509/verify.h"
#include "base/scoped.h"
#include "tests/fakes/authority.h"
#include "tests/unit/test.h"
#include "tests/unit/time_units.h"

#define REQUESTED "O=Org,OU=OrgUnit,L=locality,ST=province,C=DE,CN=4f1c-cn"
#define ISSUED "C=DE,ST=province,L=locality,O=Org,OU=OrgUnit,CN=4f1c-cn"

/* For authority_key. */
enum { OUR_KEY, CA_KEY, ROOT_KEY, OTHER_KEY };

struct verify_scene {
	struct authority_recipe leaf;
	struct authority_recipe ca; /* "CN=Kyma" */
	STACK_OF(X509) *returned;
	X509 *issuer; /* borrowed from `returned` */
	X509_NAME *subject;
	struct verify_request request;
	struct verify_result result;
	struct error error;
};

struct verify_scene verify_scene_begin(void);
void scoped_destroy_verify_scene(struct verify_scene *scene);

/* Borrowed from the scene. */
X509 *verify_scene_add(struct verify_scene *scene, const struct authority_recipe *recipe,
    const X509 *issuer, unsigned issuer_key);
/* The self-signed CA of a plain installation. */
void verify_scene_add_ca(struct verify_scene *scene);
/* CA and root, in the order in which the Connector sends them. */
void verify_scene_add_ca_and_root(struct verify_scene *scene);

/* Accepted with just this warning, or with one that says this. */
void assert_verified(struct verify_scene *scene, const char *warning);
void assert_warned(struct verify_scene *scene, const char *warning);
/* Refused for a reason that says this. */
void assert_denied(struct verify_scene *scene, const char *reason);
