/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A workload is driven by its test over stdin and stdout: it says "ready",
 * waits for a line, does exactly what its arguments say, says "done" and waits
 * for another line before it ends.
 */
#ifndef WORKLOAD_H
#define WORKLOAD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static inline void say(const char *line)
{
	size_t length = strlen(line);

	if (write(STDOUT_FILENO, line, length) != (ssize_t)length)
		exit(90);
}

/* waits for one line; the end of input ends the workload */
static inline void wait_for_line(void)
{
	char c;

	do {
		if (read(STDIN_FILENO, &c, 1) != 1)
			exit(91);
	} while (c != '\n');
}

static inline void fail(const char *what)
{
	perror(what);
	exit(92);
}

static inline long number(const char *text)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (*text == '\0' || *end != '\0' || value < 0) {
		fprintf(stderr, "not a number: %s\n", text);
		exit(93);
	}
	return value;
}

/* whether the first thread is a zombie: what is left of it waits for the others */
static inline int first_ended(void)
{
	char path[64], text[64] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", getpid());
	file = fopen(path, "r");
	if (!file || !fgets(text, sizeof(text), file))
		fail(path);
	fclose(file);
	return strstr(text, ") Z") != NULL;
}

#endif
