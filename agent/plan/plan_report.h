#pragma once
/*
 * The plan as people and machines get it: the moments in order, the histogram, the limit.
 * docs/plan.schema.json is the machines' contract.
 */
#include "agent/plan/host_status.h"
#include "agent/plan/load.h"

#include <cjson/cJSON.h>
#include <stdint.h>
#include <stdio.h>

#define PLAN_SUMMARY_SIZE 512

struct plan {
	int64_t now;
	struct fleet fleet;
	struct host_status_list statuses; /* borrows from fleet */
	struct load load;
	size_t refused; /* reports and files that could not be used */
};

void plan_report_text(FILE *stream, const struct plan *plan);
/* One sentence: how many, and whether the limit is kept. */
void plan_report_summary(const struct plan *plan, char summary[PLAN_SUMMARY_SIZE]);
/* Adds its members to the head that every command has. */
void plan_report_json(cJSON *object, const struct plan *plan);
