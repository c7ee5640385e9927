/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In place of a part of libelf, which Debian compiles in a way that its static
 * library cannot be put into a shared one: what libelf remembers as its last
 * error, by number alone.
 */
static __thread int last;

int elf_errno(void)
{
	int error = last;

	last = 0;
	return error;
}

__attribute__((visibility("hidden"))) void __libelf_seterrno(int error)
{
	last = error;
}

const char *elf_errmsg(int error)
{
	return last == 0 && error <= 0 ? 0 : "not a valid ELF file";
}
