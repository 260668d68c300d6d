/* Functions that C offers and charn does not use, because they cannot be told
 * how much room there is, keep hidden state, or cannot report an error. Naming
 * one is a compile error. Include this last: system headers may declare them. */
#ifndef CH_BASE_BANNED_H
#define CH_BASE_BANNED_H

#if defined(__GNUC__) && !defined(__cplusplus)
#pragma GCC poison strcpy strncpy strcat strncat sprintf vsprintf gets strtok
#pragma GCC poison atoi atol atoll atof tmpnam tempnam mktemp asctime ctime
#pragma GCC poison gmtime localtime setjmp longjmp
#endif

#endif
