// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/* Programs that do nothing: the least that watching these hooks can cost. */
#define SEC(name) __attribute__((section(name), used))

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("tp_btf/sys_enter")
int sys_enter(void *ctx)
{
	return 0;
}

SEC("tp_btf/sys_exit")
int sys_exit(void *ctx)
{
	return 0;
}

SEC("tp_btf/sock_send_length")
int sock_send_length(void *ctx)
{
	return 0;
}

SEC("tp_btf/sock_recv_length")
int sock_recv_length(void *ctx)
{
	return 0;
}
