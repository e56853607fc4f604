#pragma once
/*
 * base/scoped.h as cppcheck sees it, which understands neither cleanup at the end of scope nor
 * statement expressions.
 */
#include <stdio.h>
#include <stdlib.h>

#define DEFINE_SCOPED(name, type, destroy)
#define scoped(name)
#define take(pointer) (pointer)
#define take_fd(pointer) (*(pointer))
