#pragma once
/*
 * The spare key: the next renewal's, made when nobody waits for it any more.
 */
struct run;

/* After all else went well, if the settings want one and none is there. The outcome so far is sent
   first and stands, whatever becomes of this; what does is in run->outcome. */
void spare_make(struct run *run);
