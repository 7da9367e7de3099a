#ifndef WEFT_NATIVE_DECISIONS_FILE_H
#define WEFT_NATIVE_DECISIONS_FILE_H

#include <weft/simulation.h>

/* Writes each choice of this world into the file that WEFT_DECISIONS_OUT names, if it names one. */
void weft__write_decisions(weft_simulation *simulation);

#endif
