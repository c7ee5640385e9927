/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What runs first in the single executable. Node needs libraries that a host
 * may not have, and there may be no folder from which code may be executed. So
 * this puts the libraries that the file holds into memory files with fixed
 * descriptors, whose paths in /proc stand in Node's list of needed libraries
 * (scripts/release/executable.ts), maps the host's dynamic linker, and goes on
 * there as the kernel would have done. Of the C library it uses nothing.
 */
#include <elf.h>

#define MAX_LIBRARIES 8
#define HEADER_SIZE 4096

/* written behind the compiled code by scripts/release/executable.ts; at the begin of the segment */
struct header {
	unsigned long entry; /* of Node */
	unsigned long own_phdr; /* address of the program header of this segment */
	unsigned long interpreter; /* address of the path of the dynamic linker */
	unsigned long interpreter_size;
	unsigned long libraries;
	struct {
		unsigned long offset; /* from this header */
		unsigned long size;
		unsigned long descriptor;
		unsigned long is_program;
	} library[MAX_LIBRARIES];
};

extern const struct header header __attribute__((visibility("hidden")));

#if defined(__x86_64__)

enum {
	SYS_write = 1, SYS_close = 3, SYS_mmap = 9, SYS_mprotect = 10, SYS_pread64 = 17,
	SYS_exit_group = 231, SYS_openat = 257, SYS_dup3 = 292, SYS_memfd_create = 319,
};

asm(".section .text.start, \"ax\"\n"
    ".globl _start\n"
    "_start:\n"
    "	mov %rsp, %rdi\n"
    "	mov %rsp, %rbx\n"
    "	and $-16, %rsp\n"
    "	call prepare\n"
    "	mov %rbx, %rsp\n"
    "	xor %edx, %edx\n"
    "	xor %ebp, %ebp\n"
    "	jmp *%rax\n");

static long call(long number, long a, long b, long c, long d, long e, long f)
{
	register long r10 asm("r10") = d;
	register long r8 asm("r8") = e;
	register long r9 asm("r9") = f;
	long result;

	asm volatile("syscall"
		     : "=a"(result)
		     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
		     : "rcx", "r11", "memory");
	return result;
}

#elif defined(__aarch64__)

enum {
	SYS_dup3 = 24, SYS_openat = 56, SYS_close = 57, SYS_write = 64, SYS_pread64 = 67,
	SYS_exit_group = 94, SYS_mmap = 222, SYS_mprotect = 226, SYS_memfd_create = 279,
};

asm(".section .text.start, \"ax\"\n"
    ".globl _start\n"
    "_start:\n"
    "	mov x0, sp\n"
    "	mov x19, sp\n"
    "	bl prepare\n"
    "	mov sp, x19\n"
    "	mov x16, x0\n"
    "	mov x0, #0\n"
    "	mov x29, #0\n"
    "	mov x30, #0\n"
    "	br x16\n");

static long call(long number, long a, long b, long c, long d, long e, long f)
{
	register long x8 asm("x8") = number;
	register long x0 asm("x0") = a;
	register long x1 asm("x1") = b;
	register long x2 asm("x2") = c;
	register long x3 asm("x3") = d;
	register long x4 asm("x4") = e;
	register long x5 asm("x5") = f;

	asm volatile("svc #0"
		     : "+r"(x0)
		     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
		     : "memory");
	return x0;
}

#endif

#define AT_FDCWD -100
#define O_CLOEXEC 02000000
#define MFD_CLOEXEC 1
#define MFD_NOEXEC_SEAL 8
#define MFD_EXEC 0x10
#define PROT_READ 1
#define PROT_WRITE 2
#define PROT_EXEC 4
#define MAP_PRIVATE 2
#define MAP_FIXED 0x10
#define MAP_ANONYMOUS 0x20
#define EINVAL 22
#define UNABLE 3

/* the compiler may put calls of these in place of loops */
void *memset(void *to, int byte, unsigned long size)
{
	volatile char *at = to;

	while (size--)
		*at++ = byte;
	return to;
}

void *memcpy(void *to, const void *from, unsigned long size)
{
	volatile char *at = to;
	const char *source = from;

	while (size--)
		*at++ = *source++;
	return to;
}

static unsigned long length(const char *text)
{
	unsigned long size = 0;

	while (text[size])
		size++;
	return size;
}

static void say(const char *text)
{
	call(SYS_write, 2, (long)text, length(text), 0, 0, 0);
}

__attribute__((noreturn)) static void give_up(const char *what, const char *object, const char *remedy)
{
	say("ebpf-top: ");
	say(what);
	say(object);
	say("\n  ");
	say(remedy);
	say("\n");
	for (;;)
		call(SYS_exit_group, UNABLE, 0, 0, 0, 0, 0);
}

static long map(unsigned long address, unsigned long size, long protection, long flags, long file, long offset)
{
	long mapped = call(SYS_mmap, address, size, protection, flags, file, offset);

	if (mapped < 0 && mapped > -4096)
		give_up("there is no memory for the dynamic linker", "", "free some memory, or raise the limit on it");
	return mapped;
}

/* A file without a name. A library is mapped also where it may not be executed, whatever vm.memfd_noexec says. */
static void provide(const char *bytes, unsigned long size, long descriptor, long is_program)
{
	long flags = MFD_CLOEXEC | (is_program ? MFD_EXEC : MFD_NOEXEC_SEAL);
	long file = call(SYS_memfd_create, (long)"ebpf-top", flags, 0, 0, 0, 0);
	unsigned long written = 0;

	/* before 6.3 */
	if (file == -EINVAL)
		file = call(SYS_memfd_create, (long)"ebpf-top", MFD_CLOEXEC, 0, 0, 0, 0);
	/* the program goes on without the other one */
	if (file < 0 && is_program)
		return;
	if (file < 0)
		give_up("this kernel gives no memory file", "", "run it outside of this sandbox, on Linux 3.17 or newer");
	while (written < size) {
		long more = call(SYS_write, file, (long)(bytes + written), size - written, 0, 0, 0);

		if (more <= 0)
			give_up("there is no memory for libraries", "", "free some memory, or raise the limit on it");
		written += more;
	}
	if (file == descriptor)
		return;
	if (call(SYS_dup3, file, descriptor, O_CLOEXEC, 0, 0, 0) < 0)
		give_up("too few files may be open here", "", "raise the limit: ulimit -n 1024");
	call(SYS_close, file, 0, 0, 0, 0, 0);
}

/* Maps the dynamic linker as the kernel does; tells what is added to its addresses, and where it begins. */
static unsigned long load(const char *path, unsigned long page, unsigned long *entry)
{
	union {
		Elf64_Ehdr elf;
		char bytes[2048];
	} start;
	const Elf64_Phdr *segments;
	unsigned long end = 0, base;
	long file = call(SYS_openat, AT_FDCWD, (long)path, O_CLOEXEC, 0, 0, 0);

	if (file < 0)
		give_up("this system has no ", path, "run it on a distribution with glibc 2.28 or newer");
	if (call(SYS_pread64, file, (long)&start, sizeof(start), 0, 0, 0) < (long)sizeof(Elf64_Ehdr) ||
	    start.elf.e_phoff + start.elf.e_phnum * sizeof(Elf64_Phdr) > sizeof(start))
		give_up("cannot read ", path, "run it on a distribution with glibc 2.28 or newer");
	segments = (const Elf64_Phdr *)(start.bytes + start.elf.e_phoff);
	for (int i = 0; i < start.elf.e_phnum; i++)
		if (segments[i].p_type == PT_LOAD && segments[i].p_vaddr + segments[i].p_memsz > end)
			end = segments[i].p_vaddr + segments[i].p_memsz;
	base = map(0, end, 0, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < start.elf.e_phnum; i++) {
		const Elf64_Phdr *segment = &segments[i];
		unsigned long skew = segment->p_vaddr & (page - 1);
		unsigned long at = base + segment->p_vaddr - skew;
		unsigned long filled = base + segment->p_vaddr + segment->p_filesz;
		unsigned long whole = (filled + page - 1) & ~(page - 1);
		unsigned long last = base + segment->p_vaddr + segment->p_memsz;
		long protection = 0;

		if (segment->p_type != PT_LOAD)
			continue;
		if (segment->p_flags & PF_R)
			protection |= PROT_READ;
		if (segment->p_flags & PF_W)
			protection |= PROT_WRITE;
		if (segment->p_flags & PF_X)
			protection |= PROT_EXEC;
		map(at, segment->p_filesz + skew, protection, MAP_PRIVATE | MAP_FIXED, file, segment->p_offset - skew);
		if (last <= filled)
			continue;
		/* to the end of the page, of which the dynamic linker makes use */
		memset((void *)filled, 0, whole - filled);
		if (last > whole)
			map(whole, last - whole, protection, MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1, 0);
	}
	call(SYS_close, file, 0, 0, 0, 0, 0);
	*entry = base + start.elf.e_entry;
	return base;
}

/* This segment has the place of the one that names the dynamic linker, which looks for that. */
static void name_interpreter(unsigned long page)
{
	unsigned long at = header.own_phdr & ~(page - 1);
	unsigned long size = header.own_phdr + sizeof(Elf64_Phdr) - at;
	Elf64_Phdr *segment = (Elf64_Phdr *)header.own_phdr;

	if (call(SYS_mprotect, at, size, PROT_READ | PROT_WRITE, 0, 0, 0) < 0)
		return;
	segment->p_type = PT_INTERP;
	segment->p_flags = PF_R;
	segment->p_vaddr = segment->p_paddr = header.interpreter;
	segment->p_filesz = segment->p_memsz = header.interpreter_size;
	segment->p_align = 1;
	call(SYS_mprotect, at, size, PROT_READ, 0, 0, 0);
}

__attribute__((used)) unsigned long prepare(unsigned long *stack)
{
	unsigned long *at = stack + 1 + stack[0] + 1;
	Elf64_auxv_t *vector;
	unsigned long page = 4096, entry = 0, base;

	while (*at++)
		;
	vector = (Elf64_auxv_t *)at;
	for (Elf64_auxv_t *value = vector; value->a_type != AT_NULL; value++)
		if (value->a_type == AT_PAGESZ)
			page = value->a_un.a_val;
	for (unsigned long i = 0; i < header.libraries; i++)
		provide((const char *)&header + header.library[i].offset, header.library[i].size,
			header.library[i].descriptor, header.library[i].is_program);
	name_interpreter(page);
	base = load((const char *)header.interpreter, page, &entry);
	for (Elf64_auxv_t *value = vector; value->a_type != AT_NULL; value++) {
		if (value->a_type == AT_BASE)
			value->a_un.a_val = base;
		if (value->a_type == AT_ENTRY)
			value->a_un.a_val = header.entry;
	}
	return entry;
}
