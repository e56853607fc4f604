#include "agent/renewal/activation.h"
#include "agent/renewal/steps.h"

bool step_activate(struct run *run, enum phase *ret_after, struct error *error)
{
	(void)ret_after;
	return activation_run(run, error);
}
