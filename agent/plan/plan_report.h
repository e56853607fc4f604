#pragma once
/*
 * The plan as people and machines get it: the moments in order, the histogram, the limit.
 * docs/plan.schema.json is the machines' contract.
 */
#include <cjson/cJSON.h>
#include <stdint.h>
#include <stdio.h>

struct input;
struct load;

#define PLAN_SUMMARY_SIZE 512

void plan_report_text(FILE *stream, const struct input *input, const struct load *load);
/* One sentence: how many, when, whether the limit is kept. */
void plan_report_summary(
    const struct input *input, const struct load *load, char summary[PLAN_SUMMARY_SIZE]);
/* Adds its members to the head that every command has. */
void plan_report_json(cJSON *object, const struct input *input, const struct load *load);
